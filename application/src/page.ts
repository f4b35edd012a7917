import { createHash } from 'node:crypto'
import { html, raw } from 'hono/html'

/** What the page tells, as label and value. */
export type Facts = Record<string, string>

const style = `
:root { color-scheme: light dark; --ink: #16202b; --soft: #5b6b7b; --paper: #f7f4ee; --card: #ffffff; --line: #e4ddd1; --accent: #c2410c; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eef2f6; --soft: #9fb0c0; --paper: #10161d; --card: #18212b; --line: #2a3642; --accent: #fb923c; }
}
* { box-sizing: border-box; margin: 0; }
body { min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 ui-sans-serif, system-ui, sans-serif; }
main { width: min(36rem, 100%); }
h1 { font: 600 clamp(2.4rem, 9vw, 4rem)/1.05 ui-serif, Georgia, serif; letter-spacing: -0.02em; text-wrap: balance; }
h1::after { content: ""; display: block; width: 4rem; height: 0.35rem; margin: 1.4rem 0 1.6rem; border-radius: 1rem; background: var(--accent); }
dl { display: grid; grid-template-columns: auto 1fr; background: var(--card); border: 1px solid var(--line); border-radius: 0.9rem;
  padding: 0.5rem 1.3rem; }
dl > div { display: grid; grid-template-columns: subgrid; grid-column: 1 / -1; gap: 1.5rem; padding: 0.6rem 0; }
dl > div + div { border-top: 1px solid var(--line); }
dt { color: var(--soft); }
dd { font-family: ui-monospace, Menlo, monospace; font-size: 0.92rem; overflow-wrap: anywhere; text-align: right; }
footer { margin-top: 1.1rem; color: var(--soft); font-size: 0.9rem; }
a { color: inherit; }
`

/** The one inline style, as a Content-Security-Policy names it (https://www.w3.org/TR/CSP3/#grammardef-hash-source). */
export const styleHash = `'sha256-${createHash('sha256').update(style).digest('base64')}'`

/** The page as HTML; every fact is escaped. */
export function renderPage(title: string, facts: Facts): string {
  const rows = Object.entries(facts).map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)
  // Nothing in it has to be awaited; then html`…` is a String object.
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${raw(style)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<dl>${rows}</dl>
<footer><a href="/version">version</a> · <a href="/healthz">health</a></footer>
</main>
</body>
</html>
`
  return (page as string).toString()
}
