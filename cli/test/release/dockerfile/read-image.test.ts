// Each Dockerfile's configuration as a real `docker build` made it.
import { lstatSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readImage } from '../../../src/release/dockerfile/read-image.ts'

type Case = { name: string; dockerfile: string; docker: object }
const cases = JSON.parse(readFileSync(new URL('read-image.json', import.meta.url), 'utf8')) as Case[]
const context = t.testdir({})
writeFileSync(join(context, 'a.txt'), 'a')
const entries = [{ path: 'a.txt', stat: lstatSync(join(context, 'a.txt')) }]
const read = (text: string) => readImage(text, { buildArgs: {}, platform: 'linux/amd64', context, entries })

for (const { name, dockerfile, docker } of cases) {
  t.test(name, async (t) => {
    const { Env, Labels, WorkingDir = '', User = '', StopSignal = '', ExposedPorts, Entrypoint = null, Cmd = null } = (await read(dockerfile)).config
    t.strictSame({ Env, Labels, WorkingDir, User, StopSignal, ExposedPorts: Object.keys(ExposedPorts), Entrypoint, Cmd }, docker)
  })
}

t.test('what only an engine can do is refused with its line', async (t) => {
  const refused = (text: string, says: RegExp) => t.rejects(read(text), { exitCode: 2, message: says })
  await refused('FROM scratch\nRUN npm ci\n', /^Dockerfile:2: RUN needs a container engine/)
  await refused('FROM scratch AS b\nCOPY a.txt /\nFROM scratch\nCOPY --from=b /a.txt /\n', /^Dockerfile:4: COPY --from=b needs/)
  await refused('FROM scratch\nADD https://example.com/x.tar /\n', /^Dockerfile:2: ADD/)
  await refused('FROM scratch\nCOPY <<EOF /x\ntext\nEOF\n', /^Dockerfile:2: COPY/)
  await refused('FROM scratch\nCOPY missing /x\n', /^Dockerfile:2: COPY copies missing/)
  await refused('FROM scratch\nCMD --port 8080\n', /^Dockerfile:2: CMD --port/)
})

t.test('files land where COPY puts them', async (t) => {
  const { files } = await read('FROM scratch\nCOPY a.txt /x\nWORKDIR /a/b/\nCOPY a.txt .\nCOPY --chown=5 --chmod=600 a.txt /n/m\n')
  t.same([...files].filter(([, { source }]) => source).map(([path, { mode, uid, gid }]) => [path, mode.toString(8), uid, gid]), [
    ['/x', '644', 0, 0],
    ['/a/b/a.txt', '644', 0, 0],
    ['/n/m', '600', 5, 5],
  ])
})
