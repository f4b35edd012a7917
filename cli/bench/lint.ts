import { spawnSync } from 'node:child_process'
import { cli, root, type Comparison } from './measure.ts'

/** All linters side by side, next to the slowest of them in the same run. */
export function benchLint(): Comparison[] {
  const started = performance.now()
  const { stdout } = spawnSync(process.execPath, [cli, 'lint', '--json'], { cwd: root, encoding: 'utf8', maxBuffer: 1e8 })
  const wall = (performance.now() - started) / 1000
  const { tools } = JSON.parse(stdout) as { tools: { name: string; seconds: number }[] }
  const slowest = Math.max(...tools.map(({ seconds }) => seconds))
  return [{ what: 'fargate-ctl lint, next to its slowest tool', ours: `${wall.toFixed(1)} s`, other: `${slowest.toFixed(1)} s`, ratio: wall / slowest }]
}
