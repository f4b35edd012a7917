// What a real `docker build` put into an image of FROM scratch and COPY . /.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { listContext } from '../../src/release/build-context.ts'
import { readIgnoreFile } from '../../src/release/dockerignore.ts'

type Case = { name: string; dockerignore: string; tree: string[]; sent: string[] }
const cases = JSON.parse(readFileSync(new URL('dockerignore.json', import.meta.url), 'utf8')) as Case[]

for (const { name, dockerignore, tree, sent } of cases) {
  t.test(name, async (t) => {
    const context = t.testdir({})
    for (const path of tree) {
      mkdirSync(dirname(join(context, path)), { recursive: true })
      writeFileSync(join(context, path), path)
    }
    writeFileSync(join(context, '.dockerignore'), dockerignore)
    const entries = await listContext({ context, dockerfile: join(context, 'Dockerfile') })
    t.same(entries.filter(({ stat }) => stat.isFile()).map(({ path }) => path).sort(), sent.sort())
  })
}

t.test('patterns at which docker build fails', (t) => {
  for (const pattern of ['!', 'a\\', '[', '[a-', '[]']) t.throws(() => readIgnoreFile(`x\n${pattern}\n`, 'f'), { exitCode: 2, message: /^f:2 has / }, pattern)
  t.end()
})
