import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const application = fileURLToPath(new URL('../..', import.meta.url))

export type RunningServer = {
  child: ChildProcess
  url: string
  port: number
  /** What it has logged so far, a line an event. */
  lines: () => Record<string, unknown>[]
  ended: Promise<{ code: number | null; signal: string | null; stderr: string }>
}

/** Bundles the app as `npm run bundle` does, into a folder of its own. @returns that folder */
export function bundle(): string {
  const folder = mkdtempSync(join(tmpdir(), 'webapp-'))
  execFileSync(process.execPath, ['bundle.mjs', folder], { cwd: application })
  return folder
}

/** Starts the bundled app on a free port and waits until it listens; it may also end at once. */
export async function start(folder: string, env: Record<string, string> = {}): Promise<RunningServer> {
  const child = spawn(process.execPath, ['server.js'], { cwd: folder, env: { PATH: process.env.PATH ?? '', PORT: '0', HOST: '127.0.0.1', ...env } })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const ended = new Promise<{ code: number | null; signal: string | null; stderr: string }>((resolve) =>
    child.on('close', (code, signal) => resolve({ code, signal, stderr: err })),
  )
  const lines = () => out.split('\n').filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>)
  const listening = () => lines().find(({ event }) => event === 'listening')
  while (child.exitCode === null && !listening()) await new Promise((resolve) => setTimeout(resolve, 10))
  const port = Number(listening()?.port)
  return { child, port, url: `http://127.0.0.1:${port}`, lines, ended }
}
