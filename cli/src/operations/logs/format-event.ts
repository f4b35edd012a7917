import { stripVTControlCharacters } from 'node:util'
import type { LogEvent } from '../../platform/aws/logs.ts'
import type { Colors } from '../../platform/terminal/colors.ts'

/** The names that common loggers use; pino writes levels as numbers. */
const levelNames = ['level', 'severity', 'lvl']
const messageNames = ['message', 'msg', 'event']
const timeNames = ['time', 'timestamp', 'ts', '@timestamp']
const numberedLevels: Record<number, string> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' }

/** The task that wrote a line: the last part of its stream's name. */
export const taskOf = ({ stream }: LogEvent): string => stream.split('/').at(-1) ?? stream

/** A line for people: time (UTC), task, and what it says; a JSON object is taken apart. */
export function formatEvent(event: LogEvent, colors: Colors): string {
  const time = event.at.toISOString().replace('T', ' ')
  return `${colors.dim(time)} ${colors.cyan(taskOf(event).slice(0, 8))} ${formatMessage(event.message, colors)}`
}

function formatMessage(message: string, colors: Colors): string {
  const fields = readObject(message)
  if (!fields) return printable(message)
  const take = (names: string[]) => {
    const name = names.find((each) => ['string', 'number'].includes(typeof fields.get(each)))
    const value = name && fields.get(name)
    if (name) fields.delete(name)
    return value
  }
  const level = readLevel(take(levelNames))
  take(timeNames)
  const said = take(messageNames)
  const stack = take(['stack'])
  const rest = [...fields].map(([name, value]) => `${colors.dim(`${printable(name)}=`)}${formatValue(value)}`)
  const line = [paint(level, colors), said === undefined ? undefined : printable(said), ...rest].filter(Boolean).join(' ')
  return stack === undefined ? line : [line, ...printable(stack).split('\n').map((each) => `    ${each.trim()}`)].join('\n')
}

function readObject(message: string): Map<string, unknown> | undefined {
  if (!message.startsWith('{')) return undefined
  try {
    return new Map(Object.entries(JSON.parse(message) as object))
  } catch {
    return undefined
  }
}

const readLevel = (level: unknown) => (typeof level === 'number' ? (numberedLevels[level] ?? String(level)) : level === undefined ? undefined : printable(level).toLowerCase())

function paint(level: string | undefined, { red, yellow }: Colors): string | undefined {
  if (level === undefined) return undefined
  if (/^(error|fatal|critical|panic)/.test(level)) return red(level)
  return level.startsWith('warn') ? yellow(level) : level
}

function formatValue(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value)
  return /^[!#-<>-~]+$/.test(value) ? value : JSON.stringify(value)
}

/** Without what would steer the terminal. */
function printable(text: unknown): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return stripVTControlCharacters(String(text)).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')
}
