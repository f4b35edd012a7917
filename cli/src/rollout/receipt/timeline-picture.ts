import { html } from 'hono/html'
import { formatSeconds } from '../../platform/terminal/format-seconds.ts'
import type { Receipt } from './receipt.ts'

const width = 960
const left = 250
const rowHeight = 26
const lanes = ['event', 'task', 'deployment'] as const
const colours = { event: 'var(--dim)', task: 'var(--bad)', deployment: 'var(--open)' }

/** The stages as bars and what AWS told as dots, on one axis of time; colours are the page's. */
export function drawTimeline({ stages, timeline, startedAt, endedAt }: Receipt): ReturnType<typeof html> {
  const from = Date.parse(startedAt)
  const times = [Date.parse(endedAt), ...timeline.map(({ at }) => Date.parse(at))]
  const span = Math.max(1, ...times.map((time) => time - from))
  const scale = (milliseconds: number) => Math.max(0, (milliseconds / span) * (width - left - 90))
  const x = (at: string) => Math.round(left + scale(Date.parse(at) - from))
  const used = lanes.filter((lane) => timeline.some(({ kind }) => kind === lane))
  const height = (stages.length + used.length) * rowHeight + 30
  const bars = stages.map(({ name, startedAt: at, seconds }, row) => {
    const [y, length] = [row * rowHeight, Math.max(2, Math.round(scale(seconds * 1000)))]
    return html`<text x="0" y="${y + 17}" fill="currentColor">${shorten(name)}</text>
<rect x="${x(at)}" y="${y + 5}" width="${length}" height="16" rx="3" fill="var(--bar)"><title>${name}: ${formatSeconds(seconds)}</title></rect>
<text x="${x(at) + length + 6}" y="${y + 17}" fill="var(--dim)">${formatSeconds(seconds)}</text>`
  })
  const dots = used.map((lane, index) => {
    const y = (stages.length + index) * rowHeight
    const marks = timeline.filter(({ kind }) => kind === lane)
    return html`<text x="0" y="${y + 17}" fill="var(--dim)">ECS: ${lane}s</text>
${marks.map(({ at, text }) => html`<circle cx="${x(at)}" cy="${y + 13}" r="5" fill="${colours[lane]}"><title>${text}</title></circle>`)}`
  })
  const axis = height - 22
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Stages and events on one axis of time">
${bars}${dots}
<line x1="${left}" x2="${width - 90}" y1="${axis}" y2="${axis}" stroke="var(--line)"/>
<text x="${left}" y="${height - 5}" fill="var(--dim)">0 s</text>
<text x="${width - 90}" y="${height - 5}" fill="var(--dim)" text-anchor="end">${formatSeconds(span / 1000)}</text>
</svg>`
}

const shorten = (name: string) => (name.length > 34 ? `${name.slice(0, 33)}…` : name)
