import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { median, root, type Comparison } from './measure.ts'

const rounds = 3
const idleSeconds = 20
const bars = { seconds: 3, megabytes: 150, core: 0.01 }
/** Of the clock that /proc counts processor time in. */
const ticksPerSecond = 100

/** How long the embedded AWS takes to start, and what it takes of the machine while nobody asks it for anything, next to what it may. */
export async function benchEmbeddedAws(): Promise<Comparison[]> {
  if (process.platform !== 'linux') throw new Error('what a process takes is read from /proc: this needs Linux')
  const folder = mkdtempSync(join(tmpdir(), 'embedded-aws-bench-'))
  const command = (...args: string[]) => execFileSync(process.execPath, [`${root}cli/embedded-aws/bin/embedded-aws.js`, ...args], { cwd: folder, encoding: 'utf8' })
  const start = () => {
    const started = performance.now()
    command('start')
    return (performance.now() - started) / 1000
  }
  try {
    start()
    const seconds = Array.from({ length: rounds }, () => {
      command('stop')
      return start()
    })
    await sleep(5000)
    const pids = ['daemon.json', 'ministack/running.json'].map((file) => readPid(join(folder, '.embedded-aws', file)))
    const before = pids.map(readTicks)
    await sleep(idleSeconds * 1000)
    const ticks = pids.map((pid, index) => readTicks(pid) - (before[index] ?? 0))
    const core = sum(ticks) / ticksPerSecond / idleSeconds
    const megabytes = sum(pids.map(readMegabytes))
    return [
      { what: 'embedded-aws start, until it serves, next to what it may take', ours: `${median(seconds).toFixed(1)} s`, other: `${bars.seconds} s`, ratio: median(seconds) / bars.seconds },
      { what: 'memory of its processes together, idle', ours: `${megabytes.toFixed(0)} MB`, other: `${bars.megabytes} MB`, ratio: megabytes / bars.megabytes },
      { what: 'share of a core, idle', ours: `${(core * 100).toFixed(2)} %`, other: `${bars.core * 100} %`, ratio: core / bars.core },
    ]
  } finally {
    command('stop', '--remove')
    rmSync(folder, { recursive: true, force: true })
  }
}

const readPid = (file: string) => (JSON.parse(readFileSync(file, 'utf8')) as { process: { pid: number } }).process.pid

/** Processor time of a process and of those that it started and that go on. */
function readTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  return Number(fields[11]) + Number(fields[12]) + sum(childrenOf(pid).map(readTicks))
}

/** Resident, with what it shares with others counted whole. */
function readMegabytes(pid: number): number {
  const [, kilobytes = 'NaN'] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) / 1000 + sum(childrenOf(pid).map(readMegabytes))
}

const childrenOf = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number))

const sum = (numbers: number[]) => numbers.reduce((total, each) => total + each, 0)
