// ministack is installed once, into a folder for caches, with a python3 and a pip that only say what they were asked for.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import t from 'tap'
import { ensurePython } from '../src/python.ts'

const folder = mkdtempSync(join(tmpdir(), 'embedded-aws-python-'))
const calls = join(folder, 'calls')
const pip = `#!/bin/sh\necho "pip $@" >> ${calls}\n[ -e ${folder}/offline ] && echo "no route to host" && exit 1\nexit 0\n`
const python = `#!/bin/sh
case "$1" in
  -c) cat ${folder}/version ;;
  -m) mkdir -p "$3/bin" && cp ${folder}/pip "$3/bin/pip" ;;
esac
`
mkdirSync(join(folder, 'bin'))
writeFileSync(join(folder, 'pip'), pip, { mode: 0o755 })
writeFileSync(join(folder, 'bin', 'python3'), python, { mode: 0o755 })
const { PATH, XDG_CACHE_HOME } = process.env
Object.assign(process.env, { PATH: `${join(folder, 'bin')}${delimiter}${PATH}`, XDG_CACHE_HOME: join(folder, 'cache') })
t.teardown(() => {
  Object.assign(process.env, { PATH, XDG_CACHE_HOME: XDG_CACHE_HOME ?? '' })
  rmSync(folder, { recursive: true })
})

t.test('installed once, in its pinned version; what failed is tried again', async (t) => {
  const said: string[] = []
  const ensure = () => ensurePython(undefined, (line) => void said.push(line))
  writeFileSync(join(folder, 'version'), '3 9\n')
  await t.rejects(ensure(), { message: 'python3 is 3.9.', fix: /Python 3\.10 or newer/ })
  writeFileSync(join(folder, 'version'), '3 12\n')
  writeFileSync(join(folder, 'offline'), '')
  await t.rejects(ensure(), { message: /pip install .*failed/, cause: 'no route to host', fix: /PIP_INDEX_URL/ })
  rmSync(join(folder, 'offline'))
  const found = await Promise.all([ensure(), ensure()])
  t.match(found[0], /cache\/embedded-aws\/ministack-[\d.]+_docker-[\d.]+\/bin\/python3$/)
  t.same(found, [await ensure(), found[0]])
  const asked = readFileSync(calls, 'utf8').trim().split('\n')
  t.equal(asked.length, 2, 'once in vain, once for all')
  t.match(asked[1], /pip install .*ministack==\d/)
  t.match(said.join('\n'), /Installing ministack==[\d.]+ with Python into .*, once/)
})
