/**
 * Every command.
 *
 * Owns: the list. May not: do anything else.
 */
import type { Command } from "commander";
import { addAccept } from "./accept.ts";
import { addApprovals } from "./approvals.ts";
import { addBacktest } from "./backtest.ts";
import { addCheck } from "./check.ts";
import { addControls } from "./controls.ts";
import { addExplain } from "./explain.ts";
import { addFacts } from "./facts.ts";
import { addFmt } from "./fmt.ts";
import { addInit } from "./init.ts";
import { addJournal } from "./journal.ts";
import { addKill } from "./kill.ts";
import { addLint } from "./lint.ts";
import { addLsp } from "./lsp.ts";
import { addNotify } from "./notify.ts";
import { addOperate } from "./operate.ts";
import { addOverride } from "./override.ts";
import { addPlan } from "./plan.ts";
import { addReplay } from "./replay.ts";
import { addResolve } from "./resolve.ts";
import { addRun } from "./run.ts";
import { addStatus } from "./status.ts";
import { addTest } from "./test.ts";
import { addVenue } from "./venue.ts";

export const COMMANDS: readonly ((program: Command) => void)[] = [
  addLint,
  addFmt,
  addExplain,
  addFacts,
  addControls,
  addInit,
  addBacktest,
  addCheck,
  addPlan,
  addAccept,
  addLsp,
  addReplay,
  addJournal,
  addRun,
  addNotify,
  addResolve,
  addTest,
  addVenue,
  addStatus,
  addApprovals,
  addOperate,
  addOverride,
  addKill,
];
