import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import t from 'tap'
import { helpTexts } from '../../src/program.ts'
import { which } from '../../setup/programs.mjs'
import { runCli } from '../support/cli.ts'
import { until } from '../support/until.ts'

t.test('bash completes commands, options and their values', async (t) => {
  const { exitCode, stdout } = await runCli(['completion', 'bash'])
  t.equal(exitCode, 0)
  const script = join(t.testdir({}), 'completion.bash')
  writeFileSync(script, stdout)
  const complete = (...words: string[]) =>
    execFileSync('bash', ['--norc', '-c', 'source "$0"; complete -p fargate-ctl >&2; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _fargate_ctl; echo "${COMPREPLY[@]}"', script, 'fargate-ctl', ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim().split(' ')
  const commands = Object.keys(helpTexts()).filter(Boolean)
  t.same(complete('').filter((word) => !word.startsWith('-')), commands)
  t.same(complete('de'), ['deploy', 'destroy'])
  t.same(complete('deploy', '--lo'), ['--lock-wait'])
  t.same(complete('--json', 'lint', '--form'), ['--format'], 'after a global option, too')
  t.same(complete('deploy', '--js'), ['--json'], 'and the global options after the command')
  t.same(complete('build', '--engine', 'po'), ['podman'])
  t.same(complete('completion', ''), ['bash', 'zsh', 'fish', ...complete('completion', '-')])
  t.same(complete('build', '--dockerfile', ''), [''], 'bash’s own names of files')
  t.same(complete('run', '--', 'no'), [''])
  for (const command of commands) t.ok(complete(command, '--').includes('--help'), command)
})

const needs = (shell: string) => ({ skip: which(shell) ? false : `needs ${shell}` })

t.test('fish completes the same', needs('fish'), async (t) => {
  const { stdout } = await runCli(['completion', 'fish'])
  const script = join(t.testdir({}), 'completion.fish')
  writeFileSync(script, stdout)
  const complete = (line: string) =>
    execFileSync('fish', ['-N', '-c', 'source $argv[1]; complete -C $argv[2]', script, `fargate-ctl ${line}`], { encoding: 'utf8', env: { ...process.env, HOME: t.testdirName } })
      .trim().split('\n').map((line) => line.split('\t')[0])
  t.same(complete('de'), ['deploy', 'destroy'])
  t.same(complete('deploy --lo'), ['--lock-wait'])
  t.same(complete('--json lint --form'), ['--format'])
  t.same(complete('build --engine '), ['docker', 'finch', 'none', 'podman'])
  t.same(complete('completion '), ['bash', 'fish', 'zsh'])
})

t.test('zsh completes the same, as keys are typed', needs('zsh'), async (t) => {
  const { stdout } = await runCli(['completion', 'zsh'])
  const folder = t.testdir({ _fargate_ctl: stdout })
  const terminal = 'import pty, sys; pty.spawn(sys.argv[1:])'
  const shell = spawn('python3', ['-c', terminal, 'zsh', '-f', '-i'], { env: { ...process.env, TERM: 'dumb', HOME: folder, ZDOTDIR: folder } })
  let output = ''
  shell.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  /** Each line tells the words that the command is called with, once they were completed. */
  const type = async (keys: string, shows: string) => {
    shell.stdin.write(`${keys}\n`)
    await until(`zsh shows ${shows}, after: ${keys}`, () => output.includes(shows))
  }
  const ready = `autoload -Uz compinit; compinit -u -D; source ${folder}/_fargate_ctl; fargate-ctl() { print -r -- "RAN:$*:" }; print REA''DY`
  await type(ready, 'READY')
  await type('fargate-ctl depl\t --lo\t 5', 'RAN:deploy --lock-wait 5:')
  await type('fargate-ctl --json lint --form\t json', 'RAN:--json lint --format json:')
  await type('fargate-ctl build --engine po\t', 'RAN:build --engine podman:')
  shell.stdin.write('exit\n')
  await new Promise((resolve) => shell.on('close', resolve))
  t.pass()
})

t.test('another shell is none', async (t) => {
  t.match(await runCli(['completion', 'tcsh']), { exitCode: 2, stderr: /Allowed choices are bash, zsh, fish/ })
})
