import t from 'tap'
import { runCli } from '../../support/cli.ts'
import { writeProject } from '../../support/project.ts'

/** Makes the CLI, and nothing else in its process, fail when it asks for the current folder. */
const breakage = `const { cwd } = process
process.cwd = () => {
  const error = new TypeError('broken inside')
  if (/cli.(dist|src)./.test(error.stack)) throw error
  return cwd()
}`
const brokenInside = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(breakage)}` }
const stack = /\n {4}at /

t.test('a bug ends with 1 and says how to report it', async (t) => {
  const { exitCode, stdout, stderr } = await runCli(['validate'], { cwd: writeProject(t.testdir({})), env: brokenInside })
  t.equal(exitCode, 1)
  t.equal(stdout, '')
  t.match(stderr, /^error: fargate-ctl \d+\.\d+\.\d+ met a bug of its own: TypeError: broken inside$/m)
  t.match(stderr, /fix: Report it .* with what the same command prints with --verbose/)
  t.notMatch(stderr, stack)
})

t.test('--verbose shows where the bug is', async (t) => {
  const { exitCode, stderr } = await runCli(['validate', '--verbose'], { cwd: writeProject(t.testdir({})), env: brokenInside })
  t.equal(exitCode, 1)
  t.match(stderr, stack)
  t.match(stderr, /with the lines above/)
})

t.test("a user's mistake shows no stack, not even with --verbose", async (t) => {
  const project = writeProject(t.testdir({}))
  const cases: [string, string[], RegExp][] = [
    ['unknown command', ['biuld'], /unknown command 'biuld'\n\(Did you mean build\?\)/],
    ['unknown option', ['build', '--plaform', 'x'], /unknown option '--plaform'\n\(Did you mean --platform\?\)/],
    ['missing argument', ['build', '--tag'], /option '--tag <tag>' argument missing/],
    ['too many arguments', ['build', 'now'], /too many arguments/],
    ['--chdir to nowhere', ['--chdir', 'nowhere', 'build'], /error: --chdir nowhere: that folder cannot be entered\.\n {2}cause: ENOENT/],
    ['--chdir to a file', ['--chdir', 'application/Dockerfile', 'build'], /that folder cannot be entered\.\n {2}cause: ENOTDIR/],
    ['no such tag', ['build', '--tag', 'not a tag'], /'not a tag' is invalid.*1 to 128 letters/],
    ['empty tag', ['deploy', '--tag', ''], /argument '' is invalid.*1 to 128 letters/],
    ['no such platform', ['build', '--platform', 'linux/riscv64'], /is invalid\. Fargate runs linux\/amd64 and linux\/arm64/],
  ]
  for (const [name, args, message] of cases) {
    const { exitCode, stdout, stderr } = await runCli([...args, '--verbose'], { cwd: project })
    t.equal(exitCode, 2, name)
    t.match(stderr, message, name)
    t.notMatch(stderr, stack, name)
    t.equal(stdout, '', name)
  }
})

t.test('a rehearsal that is not running has no variables to print', async (t) => {
  const project = writeProject(t.testdir({}))
  const { exitCode, stdout, stderr } = await runCli(['rehearse', '--print-env'], { cwd: project, env: { FARGATE_CTL_SCRATCH: `${project}/scratch` } })
  t.equal(exitCode, 4)
  t.equal(stdout, '')
  t.match(stderr, /error: No rehearsal is running\.\n {2}fix: Start one with `fargate-ctl rehearse`\./)
})

t.test('--help and --version end well, on stdout', async (t) => {
  for (const args of [['--help'], ['--version'], ['help', 'deploy'], ['build', '--help']]) {
    const { exitCode, stdout, stderr } = await runCli(args)
    t.equal(exitCode, 0, args.join(' '))
    t.not(stdout, '')
    t.equal(stderr, '')
  }
  t.match((await runCli(['deploy', '--help'])).stdout, /Examples:\n {2}\$ fargate-ctl deploy --build/)
})

t.test('without a command the help is shown, as a mistake', async (t) => {
  const { exitCode, stdout, stderr } = await runCli([])
  t.equal(exitCode, 2)
  t.equal(stdout, '')
  t.match(stderr, /Usage: fargate-ctl/)
})
