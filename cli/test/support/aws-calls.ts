import { cbor } from '@smithy/core/cbor'
import type { EmbeddedAws } from './embedded-aws.ts'

// Requests as they go over the wire, in each of AWS's protocols. No SDK speaks more than one of them for a service.

const signedFor = (service: string) => ({
  Authorization: `AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=none`,
})

/** @param target prefix and operation, as in X-Amz-Target */
export async function callJson(aws: EmbeddedAws, service: string, target: string, input: object) {
  const headers = { ...signedFor(service), 'Content-Type': 'application/x-amz-json-1.1', 'X-Amz-Target': target }
  const response = await fetch(aws.url, { method: 'POST', headers, body: JSON.stringify(input) })
  return JSON.parse(await response.text())
}

/** @returns the XML of the answer, without its name space and the request's id */
export async function callQuery(aws: EmbeddedAws, service: string, input: Record<string, string>) {
  const response = await fetch(aws.url, { method: 'POST', headers: signedFor(service), body: new URLSearchParams(input) })
  return (await response.text()).replaceAll(/ xmlns="[^"]*"|<RequestId>[^<]*<\/RequestId>/g, '')
}

/** @param path service and operation, as RPC v2 names them */
export async function callCbor(aws: EmbeddedAws, service: string, path: string, input: object) {
  const headers = { ...signedFor(service), 'Content-Type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor' }
  const response = await fetch(new URL(path, aws.url), { method: 'POST', headers, body: Buffer.from(cbor.serialize(input)) })
  return cbor.deserialize(new Uint8Array(await response.arrayBuffer()))
}
