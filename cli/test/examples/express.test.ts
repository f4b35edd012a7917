// An Express app with a package of native code.
import t from 'tap'
import { exampleProject, runImage } from '../support/example.ts'
import { lacking } from '../support/needs.ts'
import { until } from '../support/until.ts'

t.test('native code runs in the image', { skip: lacking('engine') }, async (t) => {
  const { url } = await runImage(t, exampleProject(t, 'express'))
  await until('it answers', () => fetch(`${url}/healthz`).then(({ ok }) => ok, () => false))
  t.same(await fetch(`${url}/crc32/hello`).then((response) => response.json()), { crc32: '3610a686' })
})
