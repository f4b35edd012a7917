import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { CliError } from '../../src/platform/errors.ts'
import { run, type ProgramError, type RunOptions } from '../../src/platform/run.ts'
import { fakePrograms } from '../support/fake-programs.ts'

/** Runs a program that behaves as the JavaScript says. */
function scene(t: Test, behaviour: string) {
  const programs = fakePrograms(t.testdir({}), { tool: behaviour })
  const env = { PATH: programs.folder }
  return { programs, tool: (args: string[] = [], options: RunOptions = {}) => run('tool', args, { env, ...options }) }
}

/** Resolves once the program has said `word`. */
function listenFor(word: string) {
  let heard = () => {}
  const said = new Promise<void>((resolve) => (heard = resolve))
  return { said, onLine: (line: string) => void (line === word && heard()) }
}

t.test('a program that is not there', async (t) => {
  const { programs } = scene(t, '')
  const missing = run('no-such-program', [], { env: { PATH: programs.folder }, installHint: 'Install it like this.' })
  await t.rejects(missing, {
    name: 'CliError',
    exitCode: 4,
    message: 'The program no-such-program is not installed or not on PATH.',
    fix: 'Install it like this.',
  })
  await t.rejects(run('no-such-program', [], { env: { PATH: programs.folder } }), { message: /not installed/, fix: /npm run setup/ })
})

t.test('a program that may not be executed', async (t) => {
  const folder = t.testdir({ tool: 'text' })
  await t.rejects(run(join(folder, 'tool'), []), { exitCode: 4, message: /tool may not be executed\.$/ })
})

t.test('neither a folder that may not be read nor a folder of that name is a program', async (t) => {
  const folder = t.testdir({ locked: {}, other: { tool: {} } })
  chmodSync(join(folder, 'locked'), 0o000)
  for (const path of ['locked', 'other']) {
    await t.rejects(run('tool', [], { env: { PATH: join(folder, path) } }), { exitCode: 4, message: /tool is not installed or not on PATH/ })
  }
  chmodSync(join(folder, 'locked'), 0o700)
})

t.test('a folder that is not there is not mistaken for a missing program', async (t) => {
  const { tool } = scene(t, '')
  await t.rejects(tool([], { cwd: join(t.testdirName, 'nowhere') }), { exitCode: 2, message: /The folder .*nowhere, in which tool runs, does not exist\./ })
})

t.test('returns what the program printed on either stream', async (t) => {
  const { tool } = scene(t, 'say("out " + args.join("|")); complain("err")')
  t.same(await tool(['a b', '$(c)']), { stdout: 'out a b|$(c)', stderr: 'err', exitCode: 0 })
})

t.test('exit codes', async (t) => {
  const { tool } = scene(t, 'complain("it broke"); return Number(args[0])')
  await t.rejects(tool(['2', 'x', 'secret']), { name: 'CliError', exitCode: 4, message: 'tool 2 x ended with exit code 2.', cause: 'it broke' })
  t.equal((await tool(['2'], { accept: [0, 2] })).exitCode, 2)
  await t.rejects(tool(['3'], { accept: [0, 2] }), { message: 'tool 3 ended with exit code 3.' })
  await t.rejects(tool(['0'], { accept: [2] }), { message: 'tool 0 ended with exit code 0.' }, 'only what is accepted')
  t.equal((await tool(['99'], { accept: 'any' })).exitCode, 99)
})

t.test('a program that a signal ended is not said to have chosen its exit code', async (t) => {
  const { tool } = scene(t, 'process.kill(process.pid, "SIGKILL"); await sleep(5000)')
  await t.rejects(tool(), { message: 'tool was ended by SIGKILL.', result: { exitCode: 137 } })
  t.match(await tool([], { accept: 'any' }), { exitCode: 137, signal: 'SIGKILL' })
})

t.test('of a long complaint the end is kept', async (t) => {
  const { tool } = scene(t, 'for (let line = 1; line <= 40; line++) complain("line " + line); return 1')
  const error = await tool().catch((error: ProgramError) => error)
  t.match((error as ProgramError).cause, /^line 29\n[\s\S]*line 40$/)
})

t.test('input comes over stdin, and stdin is empty without it', async (t) => {
  const { tool, programs } = scene(t, 'say(String(input.length))')
  t.equal((await tool([], { input: 'password' })).stdout, '8')
  t.equal((await tool()).stdout, '0')
  t.notMatch(JSON.stringify(programs.calls()), /password/)
})

t.test('a program that does not read its input is not an error', async (t) => {
  const folder = t.testdir({})
  writeFileSync(join(folder, 'deaf'), '#!/bin/sh\nexit 0\n', { mode: 0o755 })
  t.match(await run(join(folder, 'deaf'), [], { input: 'x'.repeat(1_000_000) }), { exitCode: 0 })
})

t.test('a variable is added to the environment, or taken from it', async (t) => {
  const { tool, programs } = scene(t, 'say(process.env.ADDED + " " + ("PATH" in process.env) + " " + ("HOME" in process.env))')
  const { stdout } = await tool([], { env: { PATH: programs.folder, ADDED: 'yes', HOME: undefined } })
  t.equal(stdout, 'yes true false')
})

t.test('lines come while the program runs, and all of them before the result', async (t) => {
  const { tool } = scene(t, 'say("first"); complain("second"); await sleep(600); for (let n = 0; n < 20000; n++) say(String(n))')
  const lines: [string, string, number][] = []
  const started = performance.now()
  await tool([], { onLine: (line, stream) => void lines.push([line, stream, performance.now() - started]) })
  const seconds = performance.now() - started
  t.equal(lines.length, 20_002)
  const first = lines.find(([line]) => line === 'first')
  t.same(lines.find(([line]) => line === 'second')?.slice(0, 2), ['second', 'stderr'])
  t.ok(seconds - (first?.[2] ?? seconds) > 400, 'the first line did not wait for the end')
})

const countsSignals = `
const log = (signal) => fs.appendFileSync(process.env.SIGNALS, signal + '\\n')
let seen = 0
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => { seen++; log(signal) })
say('ready')
while (seen === 0) await sleep(10)
await sleep(400)
log('ended in order')
`

t.test('an interruption passes exactly one signal on and waits for the program', async (t) => {
  for (const interruptWith of ['SIGINT', 'SIGTERM'] as const) {
    const { tool, programs } = scene(t, countsSignals)
    const signals = join(programs.folder, interruptWith)
    const controller = new AbortController()
    const { said, onLine } = listenFor('ready')
    const reason = new CliError('interrupted', 'Interrupted by a test.')
    const ended = tool([], { env: { PATH: programs.folder, SIGNALS: signals }, signal: controller.signal, interruptWith, onLine })
    await said
    controller.abort(reason)
    controller.abort(new Error('another reason'))
    await t.rejects(ended, reason)
    t.same(readFileSync(signals, 'utf8').trim().split('\n'), [interruptWith, 'ended in order'])
  }
})

t.test('nothing is started after an interruption', async (t) => {
  const { tool, programs } = scene(t, '')
  await t.rejects(tool([], { signal: AbortSignal.abort(new CliError('interrupted', 'over')) }), { message: 'over' })
  t.same(programs.calls(), [])
})

t.test('a program that ignores the interrupt is killed after killAfterSeconds, with what it started', async (t) => {
  const folder = t.testdir({})
  writeFileSync(join(folder, 'stubborn'), '#!/bin/sh\ntrap "" INT TERM\nsleep 60 &\necho ready\nwait\nwait\n', { mode: 0o755 })
  const controller = new AbortController()
  const { said, onLine } = listenFor('ready')
  const ended = run(join(folder, 'stubborn'), [], { cwd: folder, signal: controller.signal, killAfterSeconds: 0.3, onLine })
  await said
  const started = performance.now()
  controller.abort(new CliError('interrupted', 'over'))
  await t.rejects(ended, { message: 'over' })
  t.ok(performance.now() - started < 30_000, 'its output, which the sleep holds open too, is closed')
})

t.test('a program that takes too long is ended, with what it started', async (t) => {
  const folder = join(t.testdir({}), 'bin')
  mkdirSync(folder)
  writeFileSync(join(folder, 'slow'), '#!/bin/sh\nsleep 60 &\nwait\n', { mode: 0o755 })
  const started = performance.now()
  await t.rejects(run(join(folder, 'slow'), [], { cwd: folder, timeoutSeconds: 0.5 }), { exitCode: 4, message: /slow did not answer within 0\.5 s\./ })
  t.ok(performance.now() - started < 30_000, 'its output, which the sleep holds open too, is closed')
})
