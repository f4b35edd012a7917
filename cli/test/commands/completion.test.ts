import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import t from 'tap'
import { helpTexts } from '../../src/program.ts'
import { runCli } from '../support/cli.ts'

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

t.test('zsh takes bash’s; fish has its own; another shell is none', async (t) => {
  t.match((await runCli(['completion', 'zsh'])).stdout, /^#compdef fargate-ctl\n.*bashcompinit\n.*complete -o default -F _fargate_ctl fargate-ctl/s)
  const { stdout } = await runCli(['completion', 'fish'])
  t.match(stdout, "complete -c fargate-ctl -f -n '__fish_use_subcommand' -a deploy -d 'apply infrastructure/")
  t.match(stdout, /__fish_seen_subcommand_from build' -l engine -x -a 'docker podman finch none'/)
  t.match(await runCli(['completion', 'tcsh']), { exitCode: 2, stderr: /Allowed choices are bash, zsh, fish/ })
})
