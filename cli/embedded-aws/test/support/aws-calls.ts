import { cbor } from '@smithy/core/cbor'
import { SignatureV4 } from '@smithy/signature-v4'
import { Sha256 } from '../../src/access/sha256.ts'
import type { EmbeddedAws } from './embedded-aws.ts'
import { readModel, requireModelled } from './model.ts'

// Requests as they go over the wire, in each of AWS's protocols. No SDK speaks more than one of them for a service. Every
// answer is held to AWS's own model of the service.

async function post({ url, client: { credentials, region } }: EmbeddedAws, service: string, path: string, headers: Record<string, string>, body: string | Buffer) {
  const { hostname, host } = new URL(url)
  const signer = new SignatureV4({ credentials, region, service, sha256: Sha256 })
  const unsigned = { method: 'POST', protocol: 'http:', hostname, path, query: {}, headers: { host, ...headers }, body }
  const { headers: { host: _host, ...signed } } = await signer.sign(unsigned)
  return fetch(new URL(path, url), { method: 'POST', headers: signed, body: typeof body === 'string' ? body : new Uint8Array(body) })
}

/** @param target prefix and operation, as in X-Amz-Target */
export async function callJson(aws: EmbeddedAws, service: string, target: string, input: object) {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target }
  const answer = await post(aws, service, '/', headers, JSON.stringify(input))
  const body = await answer.text()
  requireModelled(readModel(service), target.split('.').at(-1) ?? '', answer.status, body)
  return JSON.parse(body)
}

/** @returns the XML of the answer, without its name space and the request's id */
export async function callQuery(aws: EmbeddedAws, service: string, input: Record<string, string>) {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const answer = await post(aws, service, '/', headers, new URLSearchParams(input).toString())
  const body = await answer.text()
  requireModelled(readModel(service), input.Action ?? '', answer.status, body)
  return body.replaceAll(/ xmlns="[^"]*"|<RequestId>[^<]*<\/RequestId>/g, '')
}

/** @param path service and operation, as RPC v2 names them */
export async function callCbor(aws: EmbeddedAws, service: string, path: string, input: object) {
  const headers = { 'content-type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor' }
  const answer = await post(aws, service, new URL(path, aws.url).pathname, headers, Buffer.from(cbor.serialize(input)))
  return cbor.deserialize(new Uint8Array(await answer.arrayBuffer()))
}
