// The commands of package.json in a clone that has nothing yet: what follows the set-up runs on the Node that it brought.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { run } from '../../src/tools/run.ts'

const packageJson = fileURLToPath(new URL('../../../package.json', import.meta.url))
const setup = `
import { mkdirSync, writeFileSync } from 'node:fs'
mkdirSync('node_modules/.bin', { recursive: true })
writeFileSync('node_modules/.bin/node', '#!/bin/sh\\necho "the Node of the project runs $*"\\n', { mode: 0o755 })
`

for (const [script, runs] of [['rehearse', 'cli/bin/fargate-ctl.js rehearse'], ['lint', 'cli/bin/fargate-ctl.js lint'], ['test', 'cli/test/run.ts']] as const) {
  t.test(`npm run ${script}`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'fargate-ctl-scripts-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    copyFileSync(packageJson, join(folder, 'package.json'))
    for (const [file, text] of [['cli/setup/main.mjs', setup], ['cli/bin/fargate-ctl.js', ''], ['cli/test/run.ts', '']] as const) {
      mkdirSync(dirname(join(folder, file)), { recursive: true })
      writeFileSync(join(folder, file), text)
    }
    const { stdout } = await run('npm', ['run', script], { cwd: folder })
    t.match(stdout, `the Node of the project runs ${runs}`)
  })
}
