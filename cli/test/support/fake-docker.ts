/**
 * A docker whose engine answers. Push puts the image where the fake AWS shows it; with FAKE_PUSH_ERROR it fails,
 * FAKE_PUSH_FAILURES times or always.
 */
export const fakeDocker = `
const [verb] = args
const build = async () => {
  let interrupts = 0
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { interrupts++; say('got ' + signal) })
  const end = Date.now() + Number(process.env.FAKE_BUILD_MS ?? 0)
  if (end > Date.now()) fs.writeFileSync('building', '')
  while (Date.now() < end && interrupts === 0) await sleep(20)
  if (interrupts > 0) { await sleep(900); fs.renameSync('building', 'stopped-after-' + interrupts); process.exit(1) }
}
if (verb === 'version' || verb === 'info') { say('28.2.2'); return 0 }
if (verb === 'context') { say(JSON.stringify([{ Endpoints: { docker: { Host: 'unix:///var/run/docker.sock' } }, TLSMaterial: {}, Storage: { TLSPath: '/none' } }])); return 0 }
if (verb === 'build') { if (process.env.FAKE_BUILD_SAYS) complain(process.env.FAKE_BUILD_SAYS); say('Step 1/2 : FROM scratch'); await build(); fs.writeFileSync(args[args.indexOf('--iidfile') + 1], args[args.indexOf('--platform') + 1]); return Number(process.env.FAKE_BUILD_EXIT ?? 0) }
if (verb === 'image') { say(process.env.FAKE_PLATFORM ?? args.at(-1)); return 0 }
if (verb === 'login' && process.env.FAKE_LOGIN_ERROR) { complain(process.env.FAKE_LOGIN_ERROR.replace('%s', input)); return 1 }
if (verb === 'login') { fs.writeFileSync(process.env.DOCKER_CONFIG + '/config.json', '{}'); return 0 }
if (verb === 'push') {
  const failures = Number(process.env.FAKE_PUSH_FAILURES ?? Infinity)
  const isOver = fs.existsSync(process.env.TMPDIR + '/pushes') && fs.readFileSync(process.env.TMPDIR + '/pushes').length >= failures
  if (process.env.FAKE_PUSH_ERROR && !isOver) {
    if (failures < Infinity) fs.appendFileSync(process.env.TMPDIR + '/pushes', '.')
    complain(process.env.FAKE_PUSH_ERROR)
    return 1
  }
  const [repository, tag] = args.at(-1).split(/:(?=[^:/]+$)/)
  const name = repository.split('/').at(-1)
  const body = JSON.stringify({ repositoryName: name, imageTag: tag, imageManifest: 'sha256:' + 'b'.repeat(64) })
  await fetch(process.env.AWS_ENDPOINT_URL, { method: 'POST', body, headers: {
    'x-amz-target': 'AmazonEC2ContainerRegistry_V20150921.PutImage',
    authorization: 'AWS4-HMAC-SHA256 Credential=x/20260101/eu-central-1/ecr/aws4_request' } })
  say('pushed')
}
`
