/**
 * Who answers requests for approval in a backtest, where nobody can be asked.
 *
 * Owns: the declared answer, in the name of people who may give it. May not: be wired into a live run.
 */
import type { ApprovalView, DecisionInput } from "../core/approval.ts";

/** `auto`: yes at once, `none`: no at once, `expire`: nobody answers. */
export type ApprovalMode = "auto" | "none" | "expire";

/** Named so that no list of approvers has it by chance. */
const CHANNEL = "backtest";

/** What the next person says to a request that waits; undefined when nobody does. */
export function answerTo(request: ApprovalView, mode: ApprovalMode): DecisionInput | undefined {
  if (mode === "expire" || request.state !== "pending") return undefined;
  const said = new Set(
    request.decisions
      .filter(({ hash }) => hash === request.hash)
      .map(({ by, channel }) => personOf(request, channel, by)),
  );
  const next = peopleOf(request).find(({ person }) => !said.has(person));
  if (next === undefined) return undefined;
  const { by, channel } = next;
  const { id: approval, hash } = request;
  const decision = mode === "auto" ? "approve" : "reject";
  return { kind: "decision", approval, hash, by, channel, decision, reason: `--approvals ${mode}` };
}

function personOf({ approvers }: ApprovalView, channel: string, by: string): string {
  return approvers?.[channel]?.[by] ?? by;
}

function peopleOf({
  approvers,
}: ApprovalView): { readonly by: string; readonly channel: string; readonly person: string }[] {
  if (approvers === null)
    return ["first", "second"].map((by) => ({ by: `${CHANNEL}-${by}`, channel: CHANNEL, person: `${CHANNEL}-${by}` }));
  return Object.entries(approvers).flatMap(([channel, people]) =>
    Object.entries(people).map(([by, person]) => ({ by, channel, person })),
  );
}
