import t, { type Test } from 'tap'
import { runCli, startCliOnTerminal } from '../../support/cli.ts'
import { writeProject } from '../../support/project.ts'

/** A configuration with one finding, which is printed in colour where colour is wanted. */
const broken = (t: Test) => writeProject(t.testdir({}), { 'infrastructure/input.auto.tfvars': 'region = "eu-central-1"\nenv = "dev"\nnmae = "x"\n' })
const escape = '\u001b['

t.test('colours where nobody sees them are left out', async (t) => {
  const cases: [string, string[], Record<string, string | undefined>, boolean][] = [
    ['no terminal', [], { NO_COLOR: undefined }, false],
    ['FORCE_COLOR', [], { NO_COLOR: undefined, FORCE_COLOR: '1' }, true],
    ['FORCE_COLOR=0', [], { NO_COLOR: undefined, FORCE_COLOR: '0' }, false],
    ['an empty NO_COLOR says nothing', [], { NO_COLOR: '', FORCE_COLOR: '1' }, true],
    ['NO_COLOR before FORCE_COLOR', [], { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    ['--no-color before FORCE_COLOR', ['--no-color'], { NO_COLOR: undefined, FORCE_COLOR: '1' }, false],
    ['--json', ['--json'], { NO_COLOR: undefined }, false],
  ]
  for (const [name, flags, env, coloured] of cases) {
    const { stdout, stderr, exitCode } = await runCli(['validate', ...flags], { cwd: broken(t), env })
    t.equal(exitCode, 2)
    t.equal((stdout + stderr).includes(escape), coloured, name)
  }
})

t.test('--json stays without colour even when colour is forced', async (t) => {
  const { stdout } = await runCli(['validate', '--json'], { cwd: broken(t), env: { NO_COLOR: undefined, FORCE_COLOR: '1' } })
  t.notMatch(stdout, escape)
  t.equal(JSON.parse(stdout).findings.length, 1)
})

t.test('on a terminal there are colours, unless they are not wanted', async (t) => {
  const cases: [string, string[], Record<string, string | undefined>, boolean][] = [
    ['by default', [], { NO_COLOR: undefined }, true],
    ['NO_COLOR', [], { NO_COLOR: '1' }, false],
    ['--no-color', ['--no-color'], { NO_COLOR: undefined }, false],
  ]
  for (const [name, flags, env, coloured] of cases) {
    const { stdout } = await startCliOnTerminal(['validate', ...flags], { cwd: broken(t), env }).ended
    t.match(stdout, 'There is no variable "nmae"')
    t.equal(stdout.includes(`${escape}31m`), coloured, name)
  }
})
