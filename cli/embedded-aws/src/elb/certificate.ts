import { X509Certificate } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** In PEM. */
export type Certificate = { key: string; cert: string }

/** Where the certificate lies below the gateway's state. */
export const certificateFile = (stateDir: string) => join(stateDir, 'tls', 'certificate.pem')
const keyFile = (stateDir: string) => join(stateDir, 'tls', 'key.pem')

/** The name of a certificate that nobody asked for. */
const noDomain = 'no-domain-name.invalid'

/** The certificate that HTTPS listeners show now, whatever ARN they name. */
export async function loadCertificate(stateDir: string): Promise<Certificate> {
  const [key, cert] = await Promise.all([keyFile(stateDir), certificateFile(stateDir)].map((file) => readFile(file, 'utf8')))
  return { key: key ?? '', cert: cert ?? '' }
}

/**
 * Makes the certificate for a domain name and nothing else, as one of ACM's is: whoever connects by another name, or by
 * the load balancer's, is refused here as on AWS. It is signed by itself. One that is there for the name stays; without
 * a name any one stays.
 */
export async function ensureCertificate(stateDir: string, domainName?: string): Promise<void> {
  const known = await readFile(certificateFile(stateDir), 'utf8').catch(() => undefined)
  if (known !== undefined && (domainName === undefined || new X509Certificate(known).checkHost(domainName))) return
  await makeCertificate(stateDir, domainName ?? noDomain)
}

async function makeCertificate(stateDir: string, domainName: string): Promise<void> {
  const { default: selfsigned } = await import('selfsigned')
  const { private: key, cert } = await selfsigned.generate([{ name: 'commonName', value: 'fargate-ctl rehearsal' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + 365 * 24 * 3600 * 1000),
    extensions: [
      { name: 'subjectAltName', altNames: [{ type: 2, value: domainName }] },
      { name: 'extKeyUsage', serverAuth: true },
    ],
  })
  await mkdir(join(stateDir, 'tls'), { recursive: true })
  await writeFile(keyFile(stateDir), key, { mode: 0o600 })
  await writeFile(certificateFile(stateDir), cert)
}
