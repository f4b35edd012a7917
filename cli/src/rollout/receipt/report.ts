import { html, raw } from 'hono/html'
import { formatSeconds } from '../../platform/terminal/format-seconds.ts'
import { describeExpiry } from '../describe-expiry.ts'
import { isTakenBack, shortDigest, type Receipt } from './receipt.ts'
import { drawTimeline } from './timeline-picture.ts'

type Html = ReturnType<typeof html>

const style = `
  :root { color-scheme: light dark; --ink: #1f2328; --dim: #59636e; --line: #d1d9e0; --paper: #fff; --panel: #f6f8fa; --good: #1a7f37; --bad: #cf222e; --open: #9a6700; --bar: #0969da }
  @media (prefers-color-scheme: dark) { :root { --ink: #f0f6fc; --dim: #9198a1; --line: #3d444d; --paper: #0d1117; --panel: #151b23; --good: #3fb950; --bad: #f85149; --open: #d29922; --bar: #4493f8 } }
  * { box-sizing: border-box }
  body { margin: 0 auto; padding: 2rem 1rem 4rem; max-width: 64rem; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
  h1 { margin: 0; font-size: 1.5rem } h2 { margin: 2.5rem 0 .5rem; font-size: 1.1rem } h3 { margin: 1rem 0 .25rem; font-size: 1rem }
  p { margin: .25rem 0 } .dim { color: var(--dim) } .good { color: var(--good) } .bad { color: var(--bad) } .open { color: var(--open) }
  .verdict { margin: 1rem 0; padding: 1rem 1.25rem; background: var(--panel); border-left: .3rem solid; border-radius: .3rem }
  .verdict > * { color: var(--ink) } .verdict strong { color: inherit; font-size: 1.15rem }
  pre, code { font: 13px/1.5 ui-monospace, monospace } pre { margin: .5rem 0; white-space: pre-wrap; overflow-wrap: anywhere }
  pre.log { padding: .75rem 1rem; background: var(--panel); border-radius: .3rem }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.25rem; margin: 0 } dt { color: var(--dim) } dd { margin: 0; overflow-wrap: anywhere }
  table { width: 100%; border-collapse: collapse } th, td { padding: .2rem .75rem .2rem 0; text-align: left; vertical-align: top; border-top: 1px solid var(--line); overflow-wrap: anywhere }
  th { color: var(--dim); font-weight: normal; border: 0 } td:first-child { white-space: nowrap; font-variant-numeric: tabular-nums }
  svg { display: block; width: 100%; height: auto; font: 13px system-ui, sans-serif }
`

/** One HTML page that says all a receipt does, and needs nothing besides itself to be read. */
export async function renderReport(receipt: Receipt): Promise<string> {
  const { id, target, command, startedAt } = receipt
  const title = `${target.name}-${target.env}: ${command} of ${startedAt.slice(0, 16).replace('T', ' ')} UTC`
  const page = html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><style>${raw(style)}</style></head>
<body>
<h1>${title}</h1>
<p class="dim">Receipt ${id}, account ${target.account}, ${target.region}</p>
${renderVerdict(receipt)}
${renderFacts(receipt)}
<h2>What happened when</h2>
${drawTimeline(receipt)}
${renderMoments(receipt)}
${renderStops(receipt)}
${renderChanges(receipt)}
${renderVariables(receipt)}
</body>
</html>
`
  return String(await page)
}

/** What a person woken at night needs first: what it came to, why, and what to do. */
function renderVerdict(receipt: Receipt): Html {
  const { outcome, release, startedAt, endedAt } = receipt
  const took = formatSeconds((Date.parse(endedAt) - Date.parse(startedAt)) / 1000)
  if (outcome.kind === 'proved') {
    const { tasks, app } = outcome.proof
    return html`<div class="verdict good"><strong>PROVED after ${took}</strong>
<p>${release.tag} served on ${tasks} ${tasks === 1 ? 'task' : 'tasks'}; the app answered with: ${app.answer}</p></div>`
  }
  if (outcome.kind === 'held') {
    return html`<div class="verdict open"><strong>HELD after ${took}</strong>
<p>${release.tag} waited for somebody's decision; ${describeExpiry({ ...outcome, expiresAt: outcome.expiresAt === null ? null : new Date(outcome.expiresAt) })}.</p>
<p>Do: fargate-ctl continue, or fargate-ctl rollback</p></div>`
  }
  const words = { failed: isTakenBack(receipt) ? 'FAILED and rolled back' : 'FAILED', unknown: 'NOT KNOWN', interrupted: 'INTERRUPTED' }
  return html`<div class="verdict ${outcome.kind === 'failed' ? 'bad' : 'open'}"><strong>${words[outcome.kind]} after ${took}</strong>
<p>${outcome.message}</p>
${outcome.cause ? html`<pre>${outcome.cause}</pre>` : ''}
${outcome.fix ? html`<p>Do: ${outcome.fix}</p>` : ''}</div>`
}

function renderFacts({ release, promotedFrom, continues, by, checkout, before, taskDefinition, deployment, url, outcome, target }: Receipt): Html {
  const facts = {
    image: `${release.repository}:${release.tag}`,
    digest: release.digest,
    version: release.version,
    commit: release.commit,
    'promoted from': promotedFrom && `${promotedFrom.env}, proved there by receipt ${promotedFrom.receipt} (${promotedFrom.repository})`,
    'deployed from': checkout.commit && `${checkout.commit}${checkout.dirty.length > 0 ? `, with ${checkout.dirty.length} changed files: ${checkout.dirty.join(', ')}` : ''}`,
    continues: continues && `the held deployment of receipt ${continues}`,
    by: `${by.who}, as ${by.identity}`,
    run: by.run,
    'task definition': taskDefinition,
    before: before && `${before.taskDefinition}${before.digest ? ` (${shortDigest(before.digest)})` : ''}`,
    deployment: deployment && `${deployment.arn}: ${deployment.status}${deployment.reason ? `: ${deployment.reason}` : ''}`,
    address: url,
    state: target.state,
    'exit code': outcome.kind === 'proved' ? '0' : String(outcome.exitCode),
    'fargate-ctl': by.fargateCtl,
  }
  return html`<dl>${Object.entries(facts).flatMap(([name, value]) => (value ? html`<dt>${name}</dt><dd>${value}</dd>` : []))}</dl>`
}

function renderMoments({ timeline, stages, startedAt }: Receipt): Html {
  const since = (at: string) => `+${Math.max(0, (Date.parse(at) - Date.parse(startedAt)) / 1000).toFixed(1)} s`
  const rows = [...timeline, ...stages.map(({ name, startedAt: at, seconds }) => ({ at, kind: 'stage', text: `${name}: ${formatSeconds(seconds)}` }))]
    .toSorted((a, b) => a.at.localeCompare(b.at))
    .map(({ at, kind, text }) => html`<tr><td>${since(at)}</td><td class="dim">${kind}</td><td>${text}</td></tr>`)
  return html`<table><tr><th>after</th><th></th><th>from ${startedAt} UTC; what AWS tells has its own clock</th></tr>${rows}</table>`
}

function renderStops({ stops }: Receipt): Html {
  if (stops.length === 0) return html``
  const all = stops.map(
    ({ task, at, code, reason, containers, log }) => html`<h3>${task.split('/').at(-1)}</h3>
<p>${reason} <span class="dim">${[code, at].filter(Boolean).join(', ')}</span></p>
${containers.map((each) => html`<p class="dim">container ${each.name}: ${describeContainer(each)}</p>`)}
${log.length > 0 ? html`<pre class="log">${log.join('\n')}</pre>` : html`<p class="dim">It left no lines in its log.</p>`}`,
  )
  return html`<h2>Tasks that stopped</h2>${all}`
}

function describeContainer({ exitCode, reason, health }: Receipt['stops'][number]['containers'][number]): string {
  return [exitCode === null ? 'no exit code' : `exit code ${exitCode}`, health && `health ${health}`, reason].filter(Boolean).join(', ')
}

function renderChanges({ changes }: Receipt): Html {
  const rows = Object.entries(changes).flatMap(([kind, addresses]) => addresses.map((address) => html`<tr><td>${kind}</td><td><code>${address}</code></td></tr>`))
  return rows.length === 0 ? html`<h2>Plan</h2><p>It changed no resource.</p>` : html`<h2>Plan</h2><table>${rows}</table>`
}

function renderVariables({ variables: { values, sensitive } }: Receipt): Html {
  const rows = Object.entries(values).map(([name, value]) => html`<tr><td><code>${name}</code></td><td><code>${JSON.stringify(value)}</code></td></tr>`)
  const hidden = sensitive.map((name) => html`<tr><td><code>${name}</code></td><td class="dim">sensitive; not kept</td></tr>`)
  return html`<h2>Terraform's variables</h2><table>${rows}${hidden}</table>`
}
