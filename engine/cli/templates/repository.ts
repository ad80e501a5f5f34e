/**
 * What surrounds the strategies that `barwise init` writes: editor, CI, README.
 *
 * Owns: their text. May not read or write anything.
 */

/** Which schema speaks for which files. */
const FILES_OF: Readonly<Record<string, string>> = {
  "strategy.schema.json": "*.strategy.yaml",
  "test.schema.json": "*.test.yaml",
  "template.schema.json": "*.template.yaml",
  "watchlist.schema.json": "watchlists/*.yaml",
  "project.schema.json": "barwise.yaml",
};

/**
 * For VS Code: the language server through a generic client, and the schemas for those who have the YAML extension. Each
 * is read by its extension alone.
 */
export function editorSettings(schemas: readonly string[]): string {
  const known = schemas.flatMap((name) => {
    const files = FILES_OF[name];
    return files === undefined ? [] : [[`./schemas/${name}`, [files]] as const];
  });
  const settings = {
    "glspc.server.command": "npx",
    // --yes: a question of npx would be read as an answer of the server.
    "glspc.server.commandArguments": ["--yes", "barwise", "lsp"],
    "glspc.server.languageId": ["yaml"],
    "yaml.schemas": Object.fromEntries(known),
  };
  return `${JSON.stringify(settings, undefined, 2)}\n`;
}

export const EXTENSIONS = `${JSON.stringify({ recommendations: ["zsol.vscode-glspc"] }, undefined, 2)}\n`;

/** The version is pinned: a new release must not turn a build red by itself. */
export function workflow(version: string): string {
  return `name: strategies
on:
  push:
    branches: [main]
  pull_request:
permissions:
  contents: read
jobs:
  lint:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: 24
      # Findings become annotations at their line.
      - run: npx --yes barwise@${version} lint --format github
      - run: npx --yes barwise@${version} fmt --check
      - run: npx --yes barwise@${version} test
`;
}

export const README = `# Strategies

Trading strategies as YAML, run by barwise.

| File | Holds |
| --- | --- |
| \`strategies/*.strategy.yaml\` | one strategy each |
| \`strategies/*.test.yaml\` | what a strategy must do, and when it must be silent |
| \`barwise.yaml\` | account, feeds and limits |
| \`schemas/\` | what editors complete and explain from |
| \`.github/workflows/strategies.yml\` | checks every push and pull request |

\`\`\`sh
npx barwise lint                          # is everything right?
npx barwise test                          # does it do what the tests say?
npx barwise fmt                           # one layout for all files
npx barwise explain strategies/           # what the rules mean, in words
npx barwise facts                         # what a rule may read
npx barwise backtest strategies/ --data sp500
npx barwise run                           # trades: paper, on this machine
\`\`\`
`;
