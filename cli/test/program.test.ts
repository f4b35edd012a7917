import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { helpTexts, version } from '../src/program.ts'
import { root, runCli } from './support/cli.ts'

const texts = helpTexts()

t.test('the help that is answered at once is the program’s own', async (t) => {
  const questions = [['--help'], ['-h'], ...Object.keys(texts).filter(Boolean).map((name) => [name, '--help'])]
  t.ok(questions.length > 5)
  for (const args of questions) {
    const [ready, own] = await Promise.all([runCli(args), runCli(['--no-color', ...args])])
    t.same([ready.exitCode, own.exitCode], [0, 0])
    t.equal(ready.stdout, own.stdout, args.join(' '))
    t.match(ready.stdout, 'Examples:')
  }
  t.equal((await runCli(['--version'])).stdout, `${version}\n`)
})

t.test('the README’s reference is what the commands say of themselves', (t) => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  for (const [name, text] of Object.entries(texts)) {
    if (name !== '') t.ok(readme.includes(text.trim()), `${name}: npm run reference`)
  }
  t.end()
})

t.test('bad usage ends with 2 and names what was meant', async (t) => {
  t.match(await runCli(['biuld']), { exitCode: 2, stderr: 'Did you mean build?' })
  t.match(await runCli(['build', '--plattform', 'linux/arm64']), { exitCode: 2, stderr: 'Did you mean --platform?' })
  t.match(await runCli(['--chdir', '/does/not/exist', 'validate']), { exitCode: 2, stderr: 'that folder cannot be entered' })
})
