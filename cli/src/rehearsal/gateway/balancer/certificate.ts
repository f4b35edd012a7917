import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** In PEM. */
export type Certificate = { key: string; cert: string }

/** Where the certificate lies below the gateway's state. */
export const certificateFile = (stateDir: string) => join(stateDir, 'tls', 'certificate.pem')
const keyFile = (stateDir: string) => join(stateDir, 'tls', 'key.pem')

/** The certificate that HTTPS listeners show, whatever ARN they name: made once, for loopback alone, and signed by itself. */
export async function loadCertificate(stateDir: string): Promise<Certificate> {
  const known = [keyFile(stateDir), certificateFile(stateDir)].map((file) => readFile(file, 'utf8'))
  const [key, cert] = await Promise.all(known).catch(() => [])
  return key && cert ? { key, cert } : make(stateDir)
}

async function make(stateDir: string): Promise<Certificate> {
  const { default: selfsigned } = await import('selfsigned')
  const { private: key, cert } = await selfsigned.generate([{ name: 'commonName', value: 'fargate-ctl rehearsal' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + 365 * 24 * 3600 * 1000),
    extensions: [
      { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }, { type: 2, value: 'localhost' }] },
      { name: 'extKeyUsage', serverAuth: true },
    ],
  })
  await mkdir(join(stateDir, 'tls'), { recursive: true })
  await writeFile(keyFile(stateDir), key, { mode: 0o600 })
  await writeFile(certificateFile(stateDir), cert)
  return { key, cert }
}
