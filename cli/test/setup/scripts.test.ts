// The commands of package.json in a clone that has nothing yet: what follows the set-up runs on the Node that it brought.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { run } from '../../src/platform/run.ts'
import { root } from '../support/cli.ts'

const setup = `
import { mkdirSync, writeFileSync } from 'node:fs'
console.log('sets up ' + process.argv[3])
mkdirSync('node_modules/.bin', { recursive: true })
writeFileSync('node_modules/.bin/node', '#!/bin/sh\\necho "the Node of the project runs $*"\\n', { mode: 0o755 })
`

function makeClone(t: Test): string {
  // Outside this project, whose node_modules npm would put on PATH too.
  const folder = mkdtempSync(join(tmpdir(), 'fargate-ctl-scripts-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const written = { 'cli/setup/main.mjs': setup, 'cli/bin/fargate-ctl.js': 'console.log("this Node runs it")', 'cli/test/run.ts': '' }
  for (const [file, text] of Object.entries(written)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  for (const file of ['package.json', 'cli/setup/rehearse.sh']) copyFileSync(join(root, file), join(folder, file))
  return folder
}

const scripts = {
  rehearse: 'cli/bin/fargate-ctl.js rehearse',
  lint: 'cli/bin/fargate-ctl.js lint',
  test: 'cli/test/run.ts',
  'test:all': 'cli/test/run.ts',
}

for (const [script, runs] of Object.entries(scripts)) {
  t.test(`npm run ${script}`, async (t) => {
    const { stdout } = await run('npm', ['run', script], { cwd: makeClone(t) })
    t.match(stdout, new RegExp(`sets up ${script}\\n[^]*the Node of the project runs ${runs}`))
  })
}

t.test('npm run rehearse -- --down', async (t) => {
  const { stdout } = await run('npm', ['run', 'rehearse', '--', '--down'], { cwd: makeClone(t) })
  t.notMatch(stdout, 'sets up', 'it sets nothing up to take it down')
  t.match(stdout, 'this Node runs it')
})
