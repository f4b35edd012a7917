import t from 'tap'
import { environmentFor } from '../src/environment.ts'

t.test('whatever would lead elsewhere is unset, and nothing else', (t) => {
  const misleading = {
    AWS_PROFILE: 'work',
    AWS_DEFAULT_PROFILE: 'work',
    AWS_SESSION_TOKEN: 'token',
    AWS_ENDPOINT_URL_S3: 'https://elsewhere',
    AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true',
    AWS_USE_FIPS_ENDPOINT: 'true',
    AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/any',
  }
  const options = { url: 'http://127.0.0.1:4566', region: 'eu-west-1', stateDir: '/aws' }
  const key = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret', account: '000000000000', learned: false }
  const { set, unset } = environmentFor({ ...options, key }, { ...misleading, AWS_PAGER: '', AWS_ENDPOINT_URL: 'https://elsewhere', HOME: '/' })
  t.same(unset, Object.keys(misleading).toSorted())
  t.match(set, { AWS_ENDPOINT_URL: options.url, AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-west-1', EMBEDDED_AWS_STATE: '/aws' })
  t.end()
})
