/**
 * Whose word counts on a request.
 *
 * Owns: identities: who may decide, that no machine does, and that two words are those of two people. May not: know orders.
 */
import type { DecisionInput, RefusedDecision } from "../approval.ts";
import type { Policy } from "./approval.ts";
import type { ApprovalRequest } from "./approvals.ts";

/** What a program does in its own name. Whatever a list says, a machine never approves. */
const MACHINE = /^\s*(agent|mcp)\s*(:|$)/i;

export function isMachine(name: string): boolean {
  return MACHINE.test(name);
}

export function approversIn(
  policy: Policy,
  request: ApprovalRequest,
  { by, channel, decision, edit }: DecisionInput,
): { readonly code: RefusedDecision; readonly reason: string } | undefined {
  const who = `${by} via ${channel}`;
  if (by.trim() === "") return { code: "not_an_approver", reason: "a decision needs the name of a person" };
  if (isMachine(by) || isMachine(channel))
    return { code: "not_an_approver", reason: `${who} is a program: only people decide` };
  if (by === `rule:${request.origin.rule}`) return { code: "proposer", reason: `${who} made the request` };
  if (policy.approvers.some((list) => list[channel]?.[by] === undefined))
    return { code: "not_an_approver", reason: `${who} is not among the approvers` };
  const person = personOf(policy, channel, by);
  const saidYes = edit === undefined && decision === "approve" && yeses(policy, request, request.hash).has(person);
  return saidYes
    ? { code: "same_approver", reason: `${person} has approved it already; somebody else must, too` }
    : undefined;
}

/** The same person may have another name in every channel; the lists say so. */
function personOf(policy: Policy, channel: string, by: string): string {
  for (const list of policy.approvers) {
    const person = list[channel]?.[by];
    if (person !== undefined) return person;
  }
  return by;
}

/** People who said yes to exactly this order. */
export function yeses(policy: Policy, { decisions }: ApprovalRequest, hash: string): ReadonlySet<string> {
  const counted = decisions.filter((one) => one.decision === "approve" && one.hash === hash);
  return new Set(counted.map(({ channel, by }) => personOf(policy, channel, by)));
}
