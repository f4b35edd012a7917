// npm run bench [-- startup app lint deploy gateway embedded-aws]: ratios, measured side by side in one run.
import { benchApp } from './app.ts'
import { benchDeploy } from './deploy.ts'
import { benchEmbeddedAws } from './embedded-aws.ts'
import { benchGateway } from './gateway.ts'
import { benchLint } from './lint.ts'
import { benchStartup } from './startup.ts'
import { root, type Comparison } from './measure.ts'
import { execFileSync } from 'node:child_process'

const benches: Record<string, () => Comparison[] | Promise<Comparison[]>> = {
  startup: benchStartup,
  app: benchApp,
  lint: benchLint,
  deploy: benchDeploy,
  gateway: benchGateway,
  'embedded-aws': benchEmbeddedAws,
}

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !(name in benches))
if (unknown.length > 0) throw new Error(`there is no benchmark ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`)

execFileSync('npm', ['run', '--silent', 'bundle'], { cwd: `${root}application`, stdio: 'inherit' })
for (const [name, bench] of Object.entries(benches)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  for (const { what, ours, other, ratio } of await bench()) console.log(`${what}: ${ours} / ${other} = ${ratio.toFixed(2)}`)
}
