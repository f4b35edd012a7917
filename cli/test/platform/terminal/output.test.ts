import { spawnSync } from 'node:child_process'
import t from 'tap'
import { buildScene } from '../../support/build-scene.ts'
import { root, runCli, startCliOnTerminal } from '../../support/cli.ts'
import { deployScene } from '../../support/deploy-scene.ts'

const approved = ['deploy', '--tag', 'v1', '--auto-approve']

t.test('progress goes to stderr, the result to stdout', async (t) => {
  const { deploy, url } = await deployScene(t)
  const { stdout, stderr } = await deploy(['--tag', 'v1', '--auto-approve'])
  t.match(stderr, /✔ terraform plan \d+\.\d s/)
  t.notMatch(stdout, /terraform plan/)
  t.match(stdout, `${url} answers with version 1.2.3`)
})

t.test('--quiet prints warnings, errors and the result only', async (t) => {
  const plan = { FAKE_PLAN: JSON.stringify({ 'aws_lb.old': 'delete' }) }
  const { deploy, url } = await deployScene(t)
  const { stdout, stderr, exitCode } = await deploy(['--tag', 'v1', '--auto-approve', '--quiet'], plan)
  t.equal(exitCode, 0)
  t.equal(stderr, 'warning: 1 resource(s) will be DESTROYED: aws_lb.old\n')
  t.match(stdout, url)
  const failed = await deploy(['--tag', 'v9', '--auto-approve', '--quiet'])
  t.equal(failed.stdout, '')
  t.match(failed.stderr, /error: There is no image webapp:v9/)
})

t.test('--verbose prints what every program says', async (t) => {
  const { build } = await buildScene(t)
  t.notMatch((await build(['--no-push'])).stderr, 'Step 1/2')
  t.match((await build(['--no-push', '--verbose'])).stderr, /^ {2}Step 1\/2 : FROM scratch$/m)
})

t.test('--json prints one JSON value on stdout and nothing else, also with --verbose', async (t) => {
  const { deploy } = await deployScene(t)
  const { stdout } = await deploy(['--tag', 'v1', '--auto-approve', '--json', '--verbose'])
  t.match(JSON.parse(stdout), { version: '1.2.3' })
  const { build } = await buildScene(t)
  t.match(JSON.parse((await build(['--json', '--verbose'])).stdout), { pushed: true })
  t.equal((await build(['--json', '--engine', 'rkt'])).stdout, '', 'an error leaves stdout empty')
})

t.test('the global options may stand before the command', async (t) => {
  const { options } = await deployScene(t)
  const { stdout } = await runCli(['--json', '--quiet', ...approved], options())
  t.match(JSON.parse(stdout), { version: '1.2.3' })
})

t.test('without a terminal, and in CI, lines are only ever appended', async (t) => {
  const { options } = await deployScene(t)
  const outputs = {
    'no terminal': (await runCli(approved, options())).stderr,
    'CI with a terminal': (await startCliOnTerminal(approved, options({ CI: 'true' })).ended).stdout,
    'a dumb terminal': (await startCliOnTerminal(approved, options({ TERM: 'dumb' })).ended).stdout,
  }
  for (const [name, output] of Object.entries(outputs)) {
    t.match(output, /[✔+] terraform apply/, name)
    t.notMatch(output, /\u001b\[\d*[A-HJKlh?]/, `${name}: no cursor is moved`)
    t.notMatch(output, /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/)
  }
})

t.test('on a terminal a live line shows what is going on, and what is finished stays', async (t) => {
  const { options } = await deployScene(t)
  const { stdout } = await startCliOnTerminal(approved, options({ FAKE_APPLY_MS: '600' })).ended
  t.match(stdout, /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] terraform apply 0\.\d s/)
  t.match(stdout, /\u001b\[2K/, 'the live line is erased')
  t.match(stdout, /✔ terraform apply/)
  t.equal(stdout.match(/✔ terraform apply/g)?.length, 1)
  t.ok(stdout.endsWith('\u001b[?25h') || !stdout.includes('\u001b[?25l'), 'the cursor is shown again')
})

t.test('with stdout redirected the live line still goes to the terminal alone', async (t) => {
  const { options } = await deployScene(t)
  const { stdout } = await startCliOnTerminal(approved, { ...options(), redirect: '>/dev/null' }).ended
  t.match(stdout, /✔ terraform apply/)
  t.notMatch(stdout, 'answers with version')
})

t.test('a step that has printed nothing for a while says that it goes on, and what it does', async (t) => {
  const script = `
    import { createTerminal } from ${JSON.stringify(`${root}cli/src/platform/terminal/terminal.ts`)}
    let isTold = false
    const write = process.stderr.write.bind(process.stderr)
    process.stderr.write = (text) => ((isTold ||= text.includes('31 of 44')), write(text))
    await createTerminal({ heartbeatSeconds: 0.02 }).step('terraform apply', async (say) => {
      say('31 of 44 done')
      while (!isTold) await new Promise((resolve) => setTimeout(resolve, 10))
    })`
  const { stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', env: { PATH: process.env.PATH } })
  t.equal(status, 0)
  t.match(stderr, /^ +\+\d+\.\d s {2}31 of 44 done\n[^]*✔ terraform apply/)
})
