import { formatSeconds } from '../../platform/terminal/format-seconds.ts'
import { shortAge } from '../../platform/terminal/describe-age.ts'
import { cut, type Frame } from '../../platform/terminal/live.ts'
import { shortDigest } from '../receipt/receipt.ts'
import type { Picture, Row, Stage } from './picture.ts'

const indent = '  '
/** Narrower than this, a version's name tells little: the table gives way to sentences. */
const shortestVersion = 8

/** The lines that show a deployment under way; none is wider than the frame. */
export function renderView(picture: Picture, frame: Frame): string[] {
  const parts = [renderHeader(picture, frame), renderStages(picture.stages, frame), renderRows(picture.rows, frame), renderFacts(picture, frame)]
  return parts.filter(({ length }) => length > 0).flatMap((lines) => ['', ...lines]).slice(1)
}

type Paint = (text: string) => string
const plain: Paint = (text) => text

/** A text, and how it is painted once it is known to fit. */
type Piece = { text: string; paint?: Paint | undefined }

/** As many pieces in a line as fit, two spaces apart. */
function flow(pieces: Piece[], { width }: Frame): string[] {
  const lines: { length: number; parts: string[] }[] = []
  for (const { text, paint = plain } of pieces) {
    const shown = cut(text, width - indent.length)
    const last = lines.at(-1)
    const isFitting = last && last.length + 2 + shown.length <= width - indent.length
    if (isFitting) Object.assign(last, { length: last.length + 2 + shown.length, parts: [...last.parts, paint(shown)] })
    else lines.push({ length: shown.length, parts: [paint(shown)] })
  }
  return lines.map(({ parts }) => indent + parts.join('  '))
}

function renderHeader({ environment, account, region, commit, tag, digest, deployment, usualSeconds, deadline }: Picture, frame: Frame): string[] {
  const { bold, dim } = frame.colors
  const left = Math.floor(Math.max(0, deadline - frame.now) / 1000)
  const where: Piece[] = [
    { text: environment, paint: bold },
    { text: region },
    { text: `account ${account}` },
    { text: left > 0 ? `${formatSeconds(left).replace('.0 s', ' s')} left` : 'time is up', paint: dim },
    ...(usualSeconds === undefined ? [] : [{ text: `usually ${Math.round(usualSeconds)} s`, paint: dim }]),
  ]
  const what: Piece[] = [
    { text: tag, paint: bold },
    { text: shortDigest(digest) },
    ...(commit ? [{ text: `commit ${commit.replace(/^([0-9a-f]{8})[0-9a-f]+/, '$1')}` }] : []),
    { text: deployment ? `deployment ${deployment.id}` : 'no deployment listed yet', paint: dim },
  ]
  return [...flow(where, frame), ...flow(what, frame)]
}

const symbols: Record<Stage['state'], string> = { done: '✔', now: '●', ahead: '○', failed: '✖' }

function renderStages(stages: Stage[], frame: Frame): string[] {
  const { green, cyan, dim, red } = frame.colors
  const paint = { done: green, now: cyan, ahead: dim, failed: red }
  return flow(stages.map(({ name, state, detail }) => ({ text: [symbols[state], name, detail].filter(Boolean).join(' '), paint: paint[state] })), frame)
}

const columns = ['', 'version', 'digest', 'desired', 'running', 'pending', 'failed', 'healthy', 'oldest']
const versionColumn = 1
const digestColumn = 2
const firstNumber = 3

function renderRows(rows: Row[], frame: Frame): string[] {
  if (rows.length === 0) return []
  const cells = [columns, ...rows.map((row) => cellsOf(row, frame))]
  const whole = layOut(cells, frame.width)
  const table = whole ?? layOut(cells.map((row) => row.filter((_, column) => column !== digestColumn)), frame.width)
  if (!table) return rows.flatMap((row) => tell(row, frame))
  const { dim } = frame.colors
  return table.map((line, index) => (index === 0 ? dim(line) : paintRow(line, rows[index - 1], frame)))
}

function cellsOf({ isNew, version, digest, desired, running, pending, failed, targets, oldest }: Row, { now }: Frame): string[] {
  return [isNew ? 'new' : 'old', version ?? '-', digest ?? '-', `${desired}`, `${running}`, `${pending}`, failed === null ? '-' : `${failed}`, describeTargets(targets), oldest ? shortAge(oldest, now) : '-']
}

/** Columns two spaces apart, numbers to the right; the version's name is cut where that makes it fit. */
function layOut(rows: string[][], width: number): string[] | undefined {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  const all = indent.length + widths.reduce((sum, each) => sum + each + 2, -2)
  const version = widths[versionColumn] ?? 0
  const fitting = Math.min(version, version - (all - width))
  if (fitting < Math.min(version, shortestVersion)) return undefined
  widths[versionColumn] = fitting
  const numbers = (rows[0] ?? []).length - (columns.length - firstNumber)
  const align = (cell: string, column: number) => {
    const room = widths[column] ?? 0
    return column < numbers ? cut(cell, room).padEnd(room) : cell.padStart(room)
  }
  return rows.map((row) => indent + row.map(align).join('  ').trimEnd())
}

function paintRow(line: string, row: Row | undefined, { colors: { bold, dim, red } }: Frame): string {
  if (!row?.isNew) return dim(line)
  return (row.failed ?? 0) > 0 ? red(line) : bold(line)
}

/** The same in sentences, for a terminal that is too narrow. */
function tell(row: Row, frame: Frame): string[] {
  const { isNew, version, digest, desired, running, pending, failed, targets, oldest } = row
  const name: Piece[] = [{ text: `${isNew ? 'new' : 'old'}  ${version ?? digest ?? '-'}`, paint: isNew ? frame.colors.bold : undefined }]
  const told: Piece[] = [
    { text: `${running} of ${desired} running,` },
    { text: `${pending} pending,` },
    { text: `${failed ?? '?'} failed,` },
    { text: `${describeTargets(targets)} healthy,` },
    { text: `oldest ${oldest ? shortAge(oldest, frame.now) : '-'}` },
  ]
  return [...flow(name, frame), ...flow(told, { ...frame, width: frame.width - 5 }).map((line) => `     ${line}`)]
}

/** `-` where there is no load balancer, `?` where it may not be asked. */
const describeTargets = (targets: Row['targets']) => (targets === undefined ? '-' : targets === null ? '?' : `${targets.healthy} of ${targets.registered}`)

function renderFacts({ breaker, alarms, news, serves, waiting, problem }: Picture, frame: Frame): string[] {
  const { dim, red, yellow } = frame.colors
  const facts: [name: string, text: string | null, paint: Paint][] = [
    ['breaker', describeBreaker(breaker), breaker && breaker.failures > 0 ? red : plain],
    ['alarms', describeAlarms(alarms), alarms && alarms.fired.length > 0 ? red : plain],
    ['news', news ? `${shortAge(news.at, frame.now)} ago: ${news.text}` : 'none yet', plain],
    ['serves', serves, plain],
    ['waiting', waiting, dim],
    ['problem', problem && `${problem} It is asked again.`, yellow],
  ]
  return facts.flatMap(([name, text, paint]) => (text === null ? [] : `${indent}${dim(name.padEnd(8))} ${paint(cut(text, frame.width - indent.length - 9))}`))
}

const describeBreaker = (breaker: Picture['breaker']) => (breaker ? `${breaker.failures} of ${breaker.threshold ?? '?'} failures${breaker.isTriggered ? ': it has given up' : ''}` : 'off')

function describeAlarms(alarms: Picture['alarms']): string {
  if (!alarms) return 'not known yet'
  if (alarms.fired.length > 0) return `in alarm: ${alarms.fired.join(', ')}`
  return alarms.watching.length > 0 ? `${alarms.watching.join(', ')}: none has fired` : 'none watches it'
}
