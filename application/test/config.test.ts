import t from 'tap'
import { readSettings } from '../src/config.ts'

t.test('without any variable the defaults hold', async (t) => {
  t.match(readSettings({}), { settings: { PORT: 8080, HOST: '0.0.0.0', APP_ENV: 'local', DRAIN_DEADLINE_SECONDS: 25 } })
})

t.test('one sentence for each bad setting', async (t) => {
  t.same(readSettings({ PORT: 'http', APP_ENV: '', DRAIN_DEADLINE_SECONDS: '600', ECS_CONTAINER_METADATA_URI_V4: 'nowhere' }), {
    problems: [
      'PORT must be a port number.',
      'APP_ENV must not be empty.',
      'ECS_CONTAINER_METADATA_URI_V4 must be a URL.',
      'DRAIN_DEADLINE_SECONDS must be below the 120 seconds Fargate gives a task to stop.',
    ],
  })
  for (const [port, problem] of [['70000', /from 0 to 65535/], ['-1', /from 0 to 65535/], ['80.5', /whole number/]] as const) {
    t.match(readSettings({ PORT: port }), { problems: [problem] })
  }
})
