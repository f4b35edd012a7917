import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import { root } from './cli.ts'
import { fakePrograms } from './fake-programs.ts'

/** What the fakes install, they write as scripts that say a version. */
const writeProgram = `const writeProgram = (path, says) => {
  fs.mkdirSync(require('node:path').dirname(path), { recursive: true })
  fs.writeFileSync(path, '#!' + process.execPath + '\\n' + says, { mode: 0o755 })
}
`
/** The clone's own node: bundles the CLI, and finds the provider where FAKE_PROVIDER says. */
const fakeNode = JSON.stringify(`const fs = require('node:fs')
fs.appendFileSync(process.env.FAKE_LOG, process.argv[2].split('/').at(-1) + '\\n')
if (process.argv[2].endsWith('bundle.ts')) { fs.mkdirSync('cli/dist', { recursive: true }); fs.writeFileSync('cli/dist/main.js', '') }
else console.log(process.env.FAKE_PROVIDER ?? 'registry')`)

/** A machine that has everything an installation needs. */
export const machine: Record<string, string> = {
  npm: `${writeProgram} await sleep(Number(process.env.FAKE_NPM_MS ?? 0)); writeProgram('node_modules/.bin/node', ${fakeNode})`,
  docker: "say('28.2.2')",
  terraform: `say('{ "terraform_version": "1.11.4" }')`,
  python3: `${writeProgram} if (args[0] === '-c') { say('3.11'); return 0 }
  writeProgram(args[2] + '/bin/python3', ''); writeProgram(args[2] + '/bin/pip', '')`,
  go: `${writeProgram} writeProgram(process.env.GOBIN + '/' + args.at(-1).split('@')[0].split('/').filter((part) => !/^v\\d/.test(part)).at(-1), '')`,
  chromium: '',
}

/** Nobody listens there: what has a release is built from source. */
const nowhere = 'http://127.0.0.1:1'

/** A clone with nothing but what setup reads, a scratch folder of its own, and a PATH with fakes only. */
export function setupScene(t: Test, programs: Record<string, string | undefined> = machine) {
  const folder = t.testdir({})
  const clone = join(folder, 'clone')
  const scratch = join(folder, 'scratch')
  for (const path of ['cli/src/main.ts', 'cli/embedded-aws/src/main.ts', 'cli/bundle.ts', 'package.json', 'package-lock.json']) {
    mkdirSync(dirname(join(clone, path)), { recursive: true })
    writeFileSync(join(clone, path), path)
  }
  cpSync(join(root, 'cli/setup'), join(clone, 'cli/setup'), { recursive: true })
  cpSync(join(root, 'cli/embedded-aws/python.json'), join(clone, 'cli/embedded-aws/python.json'))
  const fakes = fakePrograms(join(folder, 'bin'), programs)
  const log = join(folder, 'node.log')
  writeFileSync(log, '')
  const setup = (args: string[] = [], env: Record<string, string> = {}) =>
    new Promise<{ exitCode: number | null; stderr: string; seconds: number }>((resolve) => {
      const started = performance.now()
      const child = spawn(process.execPath, [join(clone, 'cli/setup/main.mjs'), ...args], {
        cwd: clone,
        stdio: ['ignore', 'inherit', 'pipe'],
        env: { PATH: fakes.folder, FARGATE_CTL_SCRATCH: scratch, FARGATE_CTL_RELEASES: nowhere, FAKE_LOG: log, HOME: folder, ...env },
      })
      let stderr = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
      child.on('close', (exitCode) => resolve({ exitCode, stderr, seconds: (performance.now() - started) / 1000 }))
    })
  return {
    clone,
    scratch,
    setup,
    /** What was run to install something. */
    installs: () => fakes.calls().filter(([name, verb]) => name === 'npm' || name === 'apt-get' || name === 'go' || (name === 'python3' && verb === '-m')),
    /** Every file and folder of the clone and the scratch. */
    files: () => readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => !/^(bin|node\.log)/.test(path)).sort(),
  }
}
