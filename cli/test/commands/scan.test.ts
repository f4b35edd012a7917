// ECR's scan of the image as a gate: basic and enhanced scanning, exceptions, and what cannot be known.
import t, { type Test } from 'tap'
import { runCli } from '../support/cli.ts'
import { json } from '../support/fake-aws.ts'
import { deployScene, webapp } from '../support/deploy-scene.ts'

const basic = (status: string, findings: object[] = [], nextToken?: string) => ({ imageScanStatus: { status }, imageScanFindings: { findings }, nextToken })
const cve = (id: string, severity: string, name = 'openssl') => ({
  name: id, severity, uri: `https://example.com/${id}`, attributes: [{ key: 'package_name', value: name }, { key: 'package_version', value: '3.0.1' }],
})

async function scanWith(t: Test, scan: object | ((call: number) => object), { files = {}, args = [] }: { files?: Record<string, string>; args?: string[] } = {}) {
  const { options, aws, terraform } = await deployScene(t, { files, account: { ...webapp, answers: { DescribeImageScanFindings: scan, StartImageScan: {} } } })
  const result = await runCli(['deploy', '--tag', 'v1', '--auto-approve', '--max-severity', 'medium', ...args], options())
  return { ...result, calls: aws.calls, applied: terraform().some(({ verb }) => verb === 'apply') }
}

t.test('basic scanning: waited for, every page read, and what is graver refused before terraform runs', async (t) => {
  const pages = [basic('IN_PROGRESS'), basic('COMPLETE', [cve('CVE-1', 'MEDIUM'), cve('CVE-2', 'UNDEFINED')], 'more'), basic('COMPLETE', [cve('CVE-3', 'HIGH')])]
  const { exitCode, stderr, applied } = await scanWith(t, (call) => pages[call - 1] ?? {})
  t.equal(exitCode, 3, stderr)
  t.match(stderr, /error +high: openssl 3\.0\.1 ecr\/CVE-3 https:\/\/example\.com\/CVE-3[^]*The image has 1 vulnerability graver than medium/)
  t.match(stderr, /1 vulnerabilities are not rated: CVE-2/)
  t.notMatch(stderr, 'ecr/CVE-1')
  t.notOk(applied)
})

t.test('enhanced scanning: each package with its fixed version, suppressed ones left out, and where the image runs', async (t) => {
  const finding = (id: string, status: string) => ({
    severity: 'CRITICAL', status, resources: [{ details: { awsEcrContainerImage: { inUseCount: 4 } } }],
    packageVulnerabilityDetails: { vulnerabilityId: id, sourceUrl: 'https://example.com', vulnerablePackages: [{ name: 'zlib', version: '1.2', fixedInVersion: '1.3' }] },
  })
  const { exitCode, stderr } = await scanWith(t, { imageScanStatus: { status: 'ACTIVE' }, imageScanFindings: { enhancedFindings: [finding('CVE-4', 'ACTIVE'), finding('CVE-5', 'SUPPRESSED')] } })
  t.equal(exitCode, 3)
  t.match(stderr, /critical: zlib 1\.2 ecr\/CVE-4[^]*Update it to 1\.3\.[^]*It runs already: 4 tasks or pods have it/)
  t.notMatch(stderr, 'CVE-5')
})

t.test('an exception accepts a finding until its last day', async (t) => {
  const accept = (expires: string) => ({
    files: { 'infrastructure/policies/exceptions.json': JSON.stringify({ exceptions: [{ rule: 'CVE-3', address: 'openssl', reason: 'the app never calls it', expires }] }) },
  })
  const scan = basic('COMPLETE', [cve('CVE-3', 'HIGH')])
  t.match(await scanWith(t, scan, accept('2999-12-31')), { exitCode: 0, applied: true })
  t.match(await scanWith(t, scan, accept('2020-01-31')), { exitCode: 3, stderr: /its exception ended on 2020-01-31: the app never calls it/ })
})

t.test('what ECR does not say is unknown, and stops', async (t) => {
  const absent = await scanWith(t, json({ __type: 'ScanNotFoundException', message: 'none' }, 400), { args: ['--scan-timeout', '0.5'] })
  t.match(absent, { exitCode: 4, applied: false, stderr: /What vulnerabilities .* has is not known[^]*ECR has not scanned it/ })
  t.ok(absent.calls.includes('ecr StartImageScan'), 'a scan was asked for')
  t.match(await scanWith(t, basic('IN_PROGRESS'), { args: ['--scan-timeout', '0.3'] }), { exitCode: 4, stderr: /after 0\.3 s: IN_PROGRESS/ })
  t.match(await scanWith(t, { imageScanStatus: { status: 'UNSUPPORTED_IMAGE', description: 'no operating system' } }), { exitCode: 4, stderr: /UNSUPPORTED_IMAGE: no operating system/ })
  t.match(await scanWith(t, json({ __type: 'AccessDeniedException', message: 'no' }, 400)), { exitCode: 4, stderr: /ecr:DescribeImageScanFindings/ })
})

t.test('without --max-severity nobody asks', async (t) => {
  const { deploy, aws } = await deployScene(t)
  t.equal((await deploy(['--tag', 'v1', '--auto-approve'])).exitCode, 0)
  t.notOk(aws.calls.some((call) => call.includes('Scan')))
})

t.test('a sealed plan was made with or without it: beside one, --max-severity is refused and not passed over', async (t) => {
  const { deploy } = await deployScene(t)
  t.match(await deploy(['--plan', 'release.plan', '--max-severity', 'low']), { exitCode: 2, stderr: /'--plan <file>' cannot be used with option '--max-severity <rating>'/ })
})
