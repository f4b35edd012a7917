import { isDenied } from '../../platform/aws/client.ts'
import type { Terminal } from '../../platform/terminal/terminal.ts'
import type { Observed } from '../observe.ts'
import { formatMoment, timelineOf } from '../timeline.ts'
import { readPicture, type Known, type Look, type Picture, type Row } from './picture.ts'
import { renderView } from './view.ts'

/** An age that is more than that is not one: the clock of this machine is wrong. */
const longestHeadStart = 600

/** Shows look after look: on a terminal as a picture in one place, elsewhere as a line for each change. */
export function createShow(known: Known, speed: number, terminal: Terminal): (look: Look) => void {
  const tellProblem = createProblemTeller(terminal)
  const tell = createTeller(speed, (line) => terminal.note(terminal.colors.dim(line)))
  let picture: Picture | undefined
  return (look) => {
    tellProblem(look.seen)
    const fresh = readPicture(look, known)
    // A look that saw nothing leaves what was seen before.
    picture = picture && look.seen.problem ? { ...picture, problem: fresh.problem, waiting: fresh.waiting, serves: fresh.serves } : fresh
    const shown = picture
    if (!terminal.view((frame) => renderView(shown, frame))) tell(look, shown)
  }
}

/** Every reason why ECS cannot be asked, once. */
function createProblemTeller(terminal: Terminal) {
  const told = new Set<string>()
  let isBlind = false
  return ({ problem }: Observed) => {
    const text = problem && `${problem.message} It is asked again. ${problem.fix ?? ''}`.trim()
    if (problem && text && !told.has(text) && (!isBlind || isDenied(problem.cause))) {
      terminal.warn(text)
      told.add(text)
    }
    if (!problem && isBlind) terminal.note('  ECS answers again.')
    isBlind = problem !== undefined
  }
}

/**
 * Tells what has changed since the last look.
 * @param now seconds, which only differences are taken of
 */
export function createTeller(speed: number, print: (line: string) => void, now = () => performance.now() / 1000) {
  const began = now()
  const told = new Set<string>()
  const last = new Map<string, string>()
  let headStart: number | undefined

  const elapsed = () => (now() - began) * speed + (headStart ?? 0)
  const tellChange = (kind: string, subject: string, text: string) => {
    const isNews = last.get(subject) !== text
    last.set(subject, text)
    if (isNews) print(formatMoment({ seconds: elapsed(), kind, text }))
  }
  return ({ seen, expected }: Pick<Look, 'seen' | 'expected'>, picture: Picture): void => {
    const { createdAt } = seen.own ?? {}
    // ECS may have begun before the first look.
    if (createdAt) headStart ??= clampHeadStart((Date.now() - Number(createdAt)) / 1000 - (now() - began), speed)
    const moments = createdAt ? timelineOf(seen, { from: createdAt, speed, app: expected.container }) : []
    for (const line of moments.map(formatMoment)) {
      if (!told.has(line)) print(line)
      told.add(line)
    }
    if (seen.problem) return
    for (const row of picture.rows) tellChange('tasks', row.isNew ? 'new' : `old ${row.digest}`, describeRow(row))
    tellChange('serves', 'serves', picture.serves)
  }
}

const clampHeadStart = (seconds: number, speed: number) => (seconds >= 0 && seconds <= longestHeadStart ? seconds * speed : 0)

function describeRow({ isNew, version, digest, desired, running, pending, failed, targets }: Row): string {
  const counts = [
    `${running} of ${desired} running`,
    pending > 0 && `${pending} pending`,
    failed && `${failed} failed`,
    targets === null ? 'health unknown' : targets && `${targets.healthy} of ${targets.registered} healthy`,
  ]
  return `${isNew ? 'new' : 'old'} ${version ?? digest ?? ''}: ${counts.filter(Boolean).join(', ')}`
}
