import { setTimeout as sleep } from 'node:timers/promises'
import { relative } from 'node:path'
import { exceptionsFile, readExceptions, withoutExceptions } from '../findings/exceptions.ts'
import type { Finding, Severity } from '../findings/finding.ts'
import { formatAnnotations } from '../findings/printers/github.ts'
import { formatFindings } from '../findings/printers/pretty.ts'
import { describeScan, startScan, type ImageScan, type Vulnerability } from '../platform/aws/ecr.ts'
import { CliError } from '../platform/errors.ts'
import { interruption } from '../platform/interrupts.ts'
import type { Project } from '../platform/project.ts'
import type { Say, Terminal } from '../platform/terminal/terminal.ts'
import { repositoryName, type Release } from './release.ts'

/** ECR's ratings that can be allowed, the gravest first. */
export const ratings = ['critical', 'high', 'medium', 'low', 'none'] as const

export type ScanFlags = {
  /** The gravest vulnerability that an image may have; undefined: nobody asks. */
  maxSeverity?: (typeof ratings)[number] | undefined
  /** Seconds to wait for the scan's end. */
  scanTimeout?: number
}

type ScannedImage = Pick<Release, 'repository' | 'digest'>

/**
 * Waits for ECR's scan of an image and refuses what is graver than allowed and no exception accepts.
 * @throws CliError `findings`; `unavailable` where ECR does not say what is in it
 */
export async function requireScan(project: Project, region: string, image: ScannedImage, flags: ScanFlags, terminal: Terminal): Promise<void> {
  const { maxSeverity } = flags
  if (maxSeverity === undefined) return
  const exceptions = await readExceptions(project)
  const { found, inUse } = await terminal.step("Wait for ECR's scan of the image", (say) => waitForScan(image, region, flags.scanTimeout ?? 300, say))
  const graver = found.filter(({ severity }) => rank(severity) < ratings.indexOf(maxSeverity))
  const findings = graver.map(toFinding).flatMap((finding) => withoutExceptions(finding, exceptions))
  tellUnrated(found, terminal)
  if (findings.length === 0) return
  for (const line of formatFindings(findings, terminal.colors)) terminal.note(line)
  if (process.env.GITHUB_ACTIONS === 'true') process.stderr.write(`${formatAnnotations({ findings, failures: [] })}\n`)
  throw new CliError('findings', `The image has ${findings.length} vulnerabilit${findings.length === 1 ? 'y' : 'ies'} graver than ${maxSeverity}.${describeUse(inUse)}`, {
    fix: `Update what they name and build again, or accept them in ${relative(project.root, exceptionsFile(project))}, each with a reason and a last day.`,
  })
}

async function waitForScan(image: ScannedImage, region: string, timeoutSeconds: number, say: Say): Promise<Extract<ImageScan, { state: 'done' }>> {
  const name = repositoryName(image)
  const deadline = Date.now() + timeoutSeconds * 1000
  for (let asked = false; ; ) {
    const scan = await describeScan(name, image.digest, region)
    if (scan.state === 'done') return scan
    if (scan.state === 'failed' || scan.state === 'unsupported') throw unknownContent(image, scan.reason, 'Scan it by other means, or leave --max-severity out.')
    if (Date.now() >= deadline) throw unknownContent(image, `after ${timeoutSeconds} s: ${scan.reason}`, 'Wait longer with --scan-timeout, and see that the repository scans on push.')
    say(scan.reason)
    if (scan.state === 'absent' && !asked) {
      await startScan(name, image.digest, region)
      asked = true
    }
    await sleep(Math.min(5000, Math.max(100, deadline - Date.now())), undefined, { signal: interruption })
  }
}

function unknownContent(image: ScannedImage, cause: string, fix: string): CliError {
  return new CliError('unavailable', `What vulnerabilities ${repositoryName(image)}@${image.digest} has is not known.`, { cause, fix })
}

const rated = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'INFORMATIONAL']
/** What is not rated is said, and stops nothing. */
const rank = (severity: string) => (rated.includes(severity) ? rated.indexOf(severity) : Infinity)
const severities: Severity[] = ['error', 'error', 'warning', 'info', 'info']

function toFinding({ id, severity, package: name, version, fixedIn, url }: Vulnerability): Finding & { address: string } {
  const fix = fixedIn ? `Update it to ${fixedIn}.` : null
  const message = `${severity.toLowerCase()}: ${[name, version].filter(Boolean).join(' ') || 'the image'}`
  return { tool: 'ecr', rule: id, severity: severities[rank(severity)] ?? 'info', file: 'application/Dockerfile', line: 1, column: 1, message, fix, url, address: name }
}

function tellUnrated(found: Vulnerability[], terminal: Terminal): void {
  const unrated = found.filter(({ severity }) => !rated.includes(severity))
  if (unrated.length > 0) terminal.warn(`${unrated.length} vulnerabilities are not rated: ${[...new Set(unrated.map(({ id }) => id))].slice(0, 10).join(', ')}`)
}

const describeUse = (inUse: number | null) => (inUse ? ` It runs already: ${inUse} task${inUse === 1 ? '' : 's'} or pods have it.` : '')
