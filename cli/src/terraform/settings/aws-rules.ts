export type Verdict = { message: string; fix: string }

const verdict = (message: string, fix: string): Verdict => ({ message, fix })
const reservedPrefixes = ['xn--', 'sthree-', 'amzn-s3-demo-']
const reservedSuffixes = ['-s3alias', '--ols-s3', '.mrap', '--x-s3', '--table-s3']

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
export function checkBucketName(name: string): Verdict | undefined {
  const fix = 'Use 3 to 63 lower case letters, digits, dots and hyphens that begin and end with a letter or digit.'
  if (name.length < 3 || name.length > 63) return verdict(`A bucket's name has 3 to 63 characters; this one has ${name.length}.`, fix)
  const odd = /[^a-z0-9.-]/u.exec(name)?.[0]
  if (odd !== undefined) return verdict(`A bucket's name cannot hold ${JSON.stringify(odd)}.`, fix)
  if (!/^[a-z0-9].*[a-z0-9]$/.test(name)) return verdict("A bucket's name begins and ends with a letter or digit.", fix)
  if (name.includes('..')) return verdict("A bucket's name cannot have two dots in a row.", fix)
  if (/^\d+(\.\d+){3}$/.test(name)) return verdict("A bucket's name cannot look like an IP address.", fix)
  const reserved = reservedPrefixes.find((prefix) => name.startsWith(prefix)) ?? reservedSuffixes.find((suffix) => name.endsWith(suffix))
  return reserved === undefined ? undefined : verdict(`${reserved} in a bucket's name is reserved by AWS.`, 'Choose another name.')
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
export function checkStateKey(key: string): Verdict | undefined {
  if (Buffer.byteLength(key) > 1024) return verdict('A key has at most 1024 bytes.', 'Shorten it.')
  return /\p{Cc}/u.test(key) ? verdict('The key holds a control character.', 'Remove it.') : undefined
}

/**
 * What ECR refuses as a name, an address (`ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME`) among it.
 * https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
 */
export function checkRepositoryName(name: string): Verdict | undefined {
  const [, host, path] = /^([\w-]+(?:\.[\w-]+)*\.(?:amazonaws\.com(?:\.cn)?|on\.aws|aws)|public\.ecr\.aws)\/(.+)$/.exec(name.replace(/^https?:\/\//, '')) ?? []
  if (!host || !path) {
    const fix = 'Use 2 to 256 lower case letters and digits, with single . _ - or / between them, such as "team/webapp".'
    if (name.length < 2 || name.length > 256) return verdict(`An ECR repository's name has 2 to 256 characters; this one has ${name.length}.`, fix)
    return /^[a-z0-9]+([._/-][a-z0-9]+)*$/.test(name) ? undefined : verdict('This cannot be the name of an ECR repository.', fix)
  }
  if (host === 'public.ecr.aws' || host.startsWith('ecr-public')) {
    return verdict('This is an address of ECR Public, which is not supported.', 'Name a private ECR repository of your account.')
  }
  const plain = path.replace(/[:@].*$/, '')
  return verdict("This is the repository's address, not its name.", `Write repository_name = "${plain}".`)
}
