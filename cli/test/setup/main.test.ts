import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { machine, setupScene as scene } from '../support/setup-scene.ts'

t.test('--check reports what is missing and writes nothing', async (t) => {
  const { setup, files, installs } = scene(t)
  const before = files()
  const { exitCode, stderr } = await setup(['--check'])
  t.equal(exitCode, 4)
  t.match(stderr, /^✖ packages +missing +\d+\.\d s\n {2}fix: npm run setup$/m)
  t.match(stderr, /^✔ container engine +docker 28\.2\.2/m)
  t.match(stderr, /^✔ terraform +1\.11\.4 on PATH/m)
  t.same(files(), before)
  t.same(installs(), [])
})

t.test('--check writes nothing either where the provider lies in a mirror', async (t) => {
  const { setup, clone, files } = scene(t)
  t.equal((await setup(['--for', 'rehearse'])).exitCode, 0)
  const before = files()
  const { stderr } = await setup(['--for', 'rehearse', '--check'], { FAKE_PROVIDER: clone })
  t.match(stderr, `from the mirror ${clone}, because the Terraform registry is out of reach`)
  t.same(files(), before)
})

t.test('installs everything once; then there is nothing to do, and that is quick', async (t) => {
  const { setup, installs } = scene(t)
  const first = await setup()
  t.equal(first.exitCode, 0, first.stderr)
  t.match(first.stderr, /✔ tflint +0\.64\.0 \(installed\)/)
  t.ok(installs().some(([name]) => name === 'go'))
  const before = installs().length
  const second = await setup()
  t.equal(second.exitCode, 0, second.stderr)
  t.equal(installs().length, before, 'nothing is installed again')
  t.notMatch(second.stderr, '(installed)')
  t.equal((await setup(['--check'])).exitCode, 0)
})

t.test('a purpose installs what it needs and no more', async (t) => {
  const { setup, installs } = scene(t)
  t.equal((await setup(['--for', 'rehearse'])).exitCode, 0)
  t.notOk(installs().some(([name]) => name === 'go'), 'no linters')
})

t.test('a change is noticed: packages, sources', async (t) => {
  const { setup, installs, clone } = scene(t)
  await setup(['--for', 'rehearse'])
  writeFileSync(join(clone, 'cli/src/main.ts'), 'changed')
  t.match((await setup(['--for', 'rehearse'])).stderr, /fargate-ctl +bundled \(installed\)/)
  writeFileSync(join(clone, 'package-lock.json'), 'changed')
  t.match((await setup(['--for', 'rehearse'])).stderr, /packages +node_modules \(installed\)/)
  t.equal(installs().filter(([name]) => name === 'npm').length, 2)
})

t.test('bad usage', async (t) => {
  const { setup, files } = scene(t)
  const before = files()
  for (const [args, says] of [
    [['--for', 'fun'], /^error: --for fun is none of deploy, rehearse, lint, test, test:all, all$/m],
    [['--force'], /^error: Unknown option '--force'.*\n {2}fix: npm run setup -- \[--for deploy\|rehearse\|lint\|test\|test:all\|all\] \[--check\]$/m],
  ] as const) {
    const { exitCode, stderr } = await setup([...args])
    t.equal(exitCode, 2)
    t.match(stderr, says)
  }
  t.same(files(), before)
})

t.test('what cannot be installed ends with the one thing to type', async (t) => {
  const cases: [string, string, RegExp][] = [
    ['docker', 'all', /✖ container engine +installing docker\.io needs apt-get as root +\d\.\d s\n {2}fix: (sudo apt-get install docker\.io|brew install)/],
    ['python3', 'rehearse', /✖ embedded AWS +installing python3 python3-venv needs apt-get as root.*\n {2}fix: install Python 3\.10 or newer with its venv module/],
    ['go', 'lint', /✖ tflint +go install \S+ ended with an error:\nspawn go ENOENT.*\n {2}fix: install Go/],
    ['npm', 'lint', /✖ packages +npm ci \S+ \S+ ended with an error:\nspawn npm ENOENT.*\n {2}fix: npm ci/],
  ]
  for (const [missing, purpose, says] of cases) {
    await t.test(`without ${missing}`, async (t) => {
      const { setup } = scene(t, { ...machine, [missing]: undefined })
      const { exitCode, stderr } = await setup(['--for', purpose])
      t.equal(exitCode, 4, stderr)
      t.match(stderr, says)
      t.notMatch(stderr, /\n {4}at /, 'no stack')
    })
  }
})

t.test('python is too old', async (t) => {
  const { setup } = scene(t, { ...machine, python3: "say('3.09')" })
  const { exitCode, stderr } = await setup(['--for', 'rehearse'])
  t.equal(exitCode, 4)
  t.match(stderr, /✖ embedded AWS +python3 is 3\.9 /)
})

t.test('a rehearsal wants an engine, and goes on without one', async (t) => {
  const { setup } = scene(t, { ...machine, docker: undefined })
  const { exitCode, stderr } = await setup(['--for', 'rehearse'])
  t.equal(exitCode, 0, stderr)
  t.match(stderr, /^! container engine .*\n {2}fix: .*\(without an engine, tasks are processes without isolation\)$/m)
})

t.test('tests need neither an engine nor Go, and say what is skipped without', async (t) => {
  const { setup } = scene(t, { ...machine, docker: undefined, go: undefined })
  const { exitCode, stderr } = await setup(['--for', 'test'])
  t.equal(exitCode, 0, stderr)
  t.match(stderr, /^! container engine .*\n {2}fix: .*\(until then its tests are skipped\)$/m)
  t.notMatch(stderr, 'tflint')
  const all = await setup(['--for', 'test:all'])
  t.equal(all.exitCode, 0, all.stderr)
  t.match(all.stderr, /^! tflint .*\nspawn go ENOENT.*\n {2}fix: install Go .*\(until then its tests are skipped\)$/m)
})

t.test('packages of the system are named before they are installed', async (t) => {
  const run = "return require('node:child_process').spawnSync(args[1], args.slice(2)).status"
  const { setup, installs } = scene(t, { ...machine, docker: undefined, sudo: run, 'apt-get': '' })
  t.match((await setup(['--for', 'rehearse'])).stderr, / {2}installing system packages: docker\.io \(images are built and tasks run in a container engine; FARGATE_CTL_NO_INSTALL=1 forbids it\)\n/)
  t.same(installs().filter(([name]) => name === 'apt-get').map(([, verb]) => verb), ['update', 'install'])
})

t.test('FARGATE_CTL_NO_INSTALL=1 forbids them', async (t) => {
  const { setup, installs } = scene(t, { ...machine, docker: undefined, python3: undefined, sudo: '', 'apt-get': '' })
  const { exitCode, stderr } = await setup(['--for', 'rehearse'], { FARGATE_CTL_NO_INSTALL: '1' })
  t.equal(exitCode, 4)
  t.match(stderr, /✖ embedded AWS +FARGATE_CTL_NO_INSTALL=1 forbids installing python3 python3-venv \(the embedded AWS .*\n {2}fix: install Python/)
  t.same(installs().filter(([name]) => name === 'apt-get'), [])
})

t.test('a browser is a wish: without one it is said, and the rest goes on', async (t) => {
  const { setup } = scene(t, { ...machine, chromium: undefined })
  const { exitCode, stderr } = await setup(['--for', 'test'])
  t.equal(exitCode, 0, stderr)
  t.match(stderr, /^! browser .*\n {2}fix: install Chromium/m)
})
