import { findNearest } from './nearest.ts'

export type Verdict = { message: string; fix: string; severity: 'error' | 'warning' }

const error = (message: string, fix: string): Verdict => ({ message, fix, severity: 'error' })
const reservedPrefixes = ['xn--', 'sthree-', 'amzn-s3-demo-']
const reservedSuffixes = ['-s3alias', '--ols-s3', '.mrap', '--x-s3', '--table-s3']

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
export function checkBucketName(name: string): Verdict | undefined {
  const fix = 'Use 3 to 63 lower case letters, digits, dots and hyphens that begin and end with a letter or digit.'
  if (name.length < 3 || name.length > 63)
    return error(`A bucket's name has 3 to 63 characters; this one has ${name.length}.`, fix)
  const odd = /[^a-z0-9.-]/u.exec(name)?.[0]
  if (odd !== undefined) return error(`A bucket's name cannot hold ${JSON.stringify(odd)}.`, fix)
  if (!/^[a-z0-9].*[a-z0-9]$/.test(name)) return error("A bucket's name begins and ends with a letter or digit.", fix)
  if (name.includes('..')) return error("A bucket's name cannot have two dots in a row.", fix)
  if (/^\d+(\.\d+){3}$/.test(name)) return error("A bucket's name cannot look like an IP address.", fix)
  const reserved =
    reservedPrefixes.find((prefix) => name.startsWith(prefix)) ??
    reservedSuffixes.find((suffix) => name.endsWith(suffix))
  return reserved === undefined
    ? undefined
    : error(`${reserved} in a bucket's name is reserved by AWS.`, 'Choose another name.')
}

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html */
export function checkRepositoryName(name: string): Verdict | undefined {
  const fix = 'Use 2 to 256 lower case letters and digits, with single . _ - or / between them, such as "team/webapp".'
  if (name.length < 2 || name.length > 256)
    return error(`An ECR repository's name has 2 to 256 characters; this one has ${name.length}.`, fix)
  return /^[a-z0-9]+([._/-][a-z0-9]+)*$/.test(name) ? undefined : error('This cannot be the name of an ECR repository.', fix)
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html and the S3 backend's own rules. */
export function checkStateKey(key: string): Verdict | undefined {
  if (key === '') return error('The key is empty.', 'Give the state a path, such as "webapp/dev/terraform.tfstate".')
  if (key.startsWith('/') || key.endsWith('/'))
    return error('The key cannot begin or end with a slash.', 'Remove the slash.')
  if (key.includes('//')) return error('The key cannot hold two slashes in a row.', 'Remove one of them.')
  if (Buffer.byteLength(key) > 1024) return error('A key has at most 1024 bytes.', 'Shorten it.')
  if (/[\p{Cc}]/u.test(key)) return error('The key holds a control character.', 'Remove it.')
  if (/^[\w!.*'()/=-]+$/.test(key)) return undefined
  return {
    message: 'The key holds characters that S3 advises against.',
    fix: "Keep to letters, digits and / ! - _ . * ' ( ).",
    severity: 'warning',
  }
}

/** https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html, all partitions. */
const regions = [
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'af-south-1',
  'ap-east-1',
  'ap-east-2',
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-northeast-3',
  'ap-south-1',
  'ap-south-2',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-southeast-3',
  'ap-southeast-4',
  'ap-southeast-5',
  'ap-southeast-6',
  'ap-southeast-7',
  'ca-central-1',
  'ca-west-1',
  'eu-central-1',
  'eu-central-2',
  'eu-north-1',
  'eu-south-1',
  'eu-south-2',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'il-central-1',
  'me-central-1',
  'me-south-1',
  'mx-central-1',
  'sa-east-1',
  'cn-north-1',
  'cn-northwest-1',
  'us-gov-east-1',
  'us-gov-west-1',
  'us-iso-east-1',
  'us-iso-west-1',
  'us-isob-east-1',
  'us-isob-west-1',
  'us-isof-east-1',
  'us-isof-south-1',
  'eu-isoe-west-1',
  'eusc-de-east-1',
]
const areaOf = (region: string) => region.replace(/\d+$/, '')
const areas = new Set(regions.map(areaOf))

/** Whether a region can be; a new one in a known part of the world is a warning only. */
export function checkRegion(region: string): Verdict | undefined {
  if (regions.includes(region)) return undefined
  const zone = /^(.*-\d)[a-z]$/.exec(region)?.[1]
  const nearest = zone !== undefined && regions.includes(zone) ? zone : findNearest(region, regions)
  const fix = nearest ? `Did you mean "${nearest}"?` : 'Write the code of an AWS region, such as "eu-central-1".'
  if (!/^[a-z]{2,4}(-[a-z]+)+-\d$/.test(region)) return error('This is not the code of an AWS region.', fix)
  if (!areas.has(areaOf(region))) return error('AWS has no such region.', fix)
  return { message: 'This region is not known to fargate-ctl; it may be a new one.', fix, severity: 'warning' }
}
