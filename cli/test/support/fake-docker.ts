/** A docker whose engine answers; push puts the image where `FAKE_AWS_URL` shows it. */
export const fakeDocker = `
const [verb] = args
if (verb === 'version') { say('28.2.2'); return 0 }
if (verb === 'context') { say('unix:///var/run/docker.sock'); return 0 }
if (verb === 'build') { say('Step 1/2 : FROM scratch'); await sleep(Number(process.env.FAKE_BUILD_MS ?? 0)); return Number(process.env.FAKE_BUILD_EXIT ?? 0) }
if (verb === 'login') { fs.writeFileSync(process.env.DOCKER_CONFIG + '/config.json', '{}'); return 0 }
if (verb === 'push') {
  if (process.env.FAKE_PUSH_ERROR) { complain(process.env.FAKE_PUSH_ERROR); return 1 }
  const [repository, tag] = args.at(-1).split(/:(?=[^:/]+$)/)
  const name = repository.split('/').at(-1)
  const body = JSON.stringify({ repositoryName: name, imageTag: tag, imageManifest: 'sha256:' + 'b'.repeat(64) })
  await fetch(process.env.AWS_ENDPOINT_URL, { method: 'POST', body, headers: {
    'x-amz-target': 'AmazonEC2ContainerRegistry_V20150921.PutImage',
    authorization: 'AWS4-HMAC-SHA256 Credential=x/20260101/eu-central-1/ecr/aws4_request' } })
  say('pushed')
}
`
