/**
 * The codes of all findings.
 *
 * Owns: which codes exist, how severe each is and why it matters. A code is never reused for something else; each has
 * a page in docs/reference/findings (a test keeps the two in step).
 */
interface CodeInfo {
  readonly severity: "error" | "warning" | "info";
  readonly why: string;
  /** `# lint-ignore` may silence it. Warnings always may. */
  readonly ignorable?: true;
}

function error(why: string): CodeInfo {
  return { severity: "error", why };
}

function info(why: string): CodeInfo {
  return { severity: "info", why };
}

function warning(why: string): CodeInfo {
  return { severity: "warning", why };
}

const TABLE = {
  "yaml/syntax": error("A file that is not YAML cannot be read at all."),
  "yaml/too-large": error("Files from strangers must not be able to exhaust memory."),
  "yaml/too-deep": error("Files from strangers must not be able to exhaust the stack."),
  "yaml/control-character": error("Invisible characters make a file look different from what it means."),
  "yaml/tab": error("YAML forbids tabs in indentation."),
  "yaml/duplicate-key": error("Of two equal keys only one would count, and nobody sees which."),
  "yaml/multiple-documents": error("One file is one strategy; everything after `---` would be ignored."),
  "yaml/anchor": error("Anchors hide where a value comes from, and nested aliases can grow without bound."),
  "yaml/tag": error("Tags ask the reader to build other types; strategies are plain data."),
  "yaml/not-a-mapping": error("A strategy is a mapping of keys to values."),
  "yaml/unquoted-symbol": error("YAML turns some unquoted words into booleans, numbers or null."),
  "yaml/comment-in-expression": warning("Everything after ` #` is a comment: this part of the text does not count."),
  "yaml/comma-in-flow": error("Inside `{…}` and `[…]` a comma ends the text, brackets begin a list."),
  "schema/unknown-key": error("A misspelt key would silently do nothing."),
  "schema/missing-key": error("Without this key the meaning is incomplete."),
  "schema/type": error("A value of another type would be misread."),
  "schema/value": error("Only the listed values have a meaning here."),
  "schema/not-built": error("The language reserves it; accepting and ignoring it would be worse than refusing."),
  "schema/version": error("Another version may give the same words another meaning."),
  "schema/missing-file": error("The settings in that file would silently be missing."),
  "schema/condition-form": error("Only the safe profile of json-rules-engine is evaluated the same by both engines."),
  "schema/ignore": error("An exception without a reason cannot be reviewed."),
  "schema/unused-ignore": warning("It suggests a problem that is not there, and would hide the next one."),
  "schema/secret": error("Whoever sees the file, its history or a copy of it could act in your name."),
  "schema/order": error("A broker would refuse this order, at the moment it is needed."),
  "names/unknown": error("A misspelt name would never have a value."),
  "names/duplicate": error("State, orders and history follow the name."),
  "names/reserved": error("It would hide what the language means by this name."),
  "names/cycle": error("A definition that needs itself has no value."),
  "names/unused": warning("Whoever reads the file looks for what it does, and changing it does nothing."),
  "names/unknown-param": error("An override that nobody reads has no effect."),
  "types/syntax": error("What cannot be read cannot be evaluated."),
  "types/condition-expected": error("Only a condition is true or false."),
  "types/number-expected": error("Only numbers can be compared and computed with."),
  "types/arguments": error("With other arguments the indicator is not defined."),
  "types/percent": error("A percentage is a ratio: `2%` is 0.02, whatever it stands beside."),
  "types/time": error("A time of day is not a number, a price or a duration."),
  "types/unit": warning("Numbers of different units can be compared, but the answer means nothing."),
  "types/series": error("A value of one bar size cannot feed an indicator of another."),
  "types/value": error("Outside its range the value has no meaning."),
  "types/input": error("A template is filled with what it declares, or it means something else."),
  "types/price-path": error("Market data that is not what it looks like tests something else."),
  "types/too-large": error("Every bar of every symbol pays for it."),
  "facts/several-outputs": error("It has several values at once; one must be chosen."),
  "facts/source": error("Numbers from a source that is wrong for an indicator would look right."),
  "facts/not-here": error(
    "An approval looks at an order and the account; a rule looks at the market, before there is an order.",
  ),
  "facts/unknown-output": error("Only the declared outputs exist."),
  "logic/constant": error("It is the same at every bar, whatever the market does."),
  "logic/never": { severity: "error", why: "A condition that is never true never does anything.", ignorable: true },
  "logic/always": warning("A comparison that always holds checks nothing."),
  "logic/at-bound": info("An indicator hardly ever reaches the end of its range."),
  "time/grace": error("A bar would still be waited for when the next one is there already."),
  "logic/contradiction": {
    severity: "error",
    why: "Each part can be true, all of them together never: the rule would stay silent.",
    ignorable: true,
  },
  "logic/tautology": warning("Whatever the market does, it holds: it checks nothing."),
  "logic/redundant": warning("A part that changes nothing hides which part decides."),
  "logic/duplicate-rule": warning("Both fire at the same moments, and do the same."),
  "logic/subsumed-rule": warning("The wider rule matches at all of its moments already."),
  "logic/shadowed": warning("Of the rules of a group one fires at a time, and the other one goes first."),
  "logic/float-equality": warning("Computed numbers hardly ever meet a value exactly."),
  "logic/too-complex": info("Contradictions are looked for among at most 4,096 alternatives."),
  "time/not-in-test": error("An expectation about no moment of the test could never fail."),
  "time/bar-size": error("A bar needs an end: a time that divides a session, or an amount that is traded."),
  "time/cooldown-shorter-than-bar": warning("Rules are evaluated once per bar, so it has no effect."),
  "time/for-shorter-than-bar": warning("Conditions are looked at once per bar, so time passes in whole bars."),
  "time/repaints": warning("A test on closed bars cannot show it: on history the bar is always finished."),
  "time/bars-on-tick": warning("How long that is depends on how much is traded."),
  "time/warmup-exceeds-history": warning(
    "Until the bars have been seen live, the fact is unknown and the rule silent.",
  ),
  "time/counted-live": info("Bars of activity are counted from trades as they come, so each start begins with none."),
  "time/after-close": warning(
    "No entry is sent at or after the end of the session: it would wait for a market it never saw.",
  ),
  "risk/exits-limited": warning("A limit that stops an exit keeps the risk it was meant to bound."),
  "risk/approval": warning("Such an order would wait until it expires, and is never sent."),
  "risk/live-limit": error("Without a limit nobody has said how much real money may be lost, so nothing is sent."),
  "risk/no-effect": warning("The tightest limit holds: whoever reads this one believes in more room than there is."),
  "risk/unknown-name": warning("A limit for a name that nothing has bounds nothing."),
  "risk/no-size": error("An order without a size cannot be sent."),
  "risk/no-exit": warning("A position that nothing closes is held until somebody notices."),
  "risk/no-stop": info("A gap or a trend that goes on costs as much as it likes."),
  "risk/no-limit": warning("In a quiet market the distance of the stop shrinks, and the position grows without bound."),
  "risk/exit-unknown": info("An exit that is unknown does not fire: the position stays until it is known."),
  "risk/repeats": warning("A condition that stays true would fire bar after bar."),
  "risk/opposite-actions": warning("Opposite entries of equal priority cancel each other out, and nothing is sent."),
  "risk/stop-disagrees": warning("The size is computed for another stop than the one that will be placed."),
  "data/crossed-quote": warning("Rules are not judged at a crossed quote, and no bar is made of it."),
  "data/no-strategy": warning("There is nothing to run."),
  "plan/exit-removed": error("What it would have closed stays open until something else closes it."),
  "plan/exit-narrowed": warning(
    "An exit that fires more rarely leaves a position open at moments when it was to be closed.",
  ),
  "plan/bracket-removed": error("The broker holds a bracket even when barwise is down; without it only rules protect."),
  "plan/orphan": error("Nobody decides about it any more, until a person does."),
  "plan/entry-added": warning("Orders will be sent that nobody has seen yet."),
  "plan/entry-loosened": warning("Orders will be sent at moments at which there were none."),
  "plan/size-larger": warning("Each entry will risk more than before."),
  "plan/limit-loosened": warning("A limit holds what goes wrong small; a looser one lets more of it through."),
} satisfies Record<string, CodeInfo>;

export type Code = keyof typeof TABLE;

export const CODES: Readonly<Record<Code, CodeInfo>> = TABLE;

export function isCode(text: string): text is Code {
  return Object.hasOwn(TABLE, text);
}

/** Errors leave nothing to run, so silencing them would be a lie; judgements may be overruled. */
export function isIgnorable(code: Code): boolean {
  const info = CODES[code];
  return info.severity !== "error" || info.ignorable === true;
}
