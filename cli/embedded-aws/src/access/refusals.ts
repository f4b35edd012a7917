import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { cbor } from '@smithy/core/cbor'
import { Refusal, type RefusalReason } from './signature.ts'

type Said = { code: string; message: string; status?: number }

const mismatch = 'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.'
const invalidToken = 'The security token included in the request is invalid.'
const skewed = 'Signature expired or not yet current: the clock of this request is more than 15 minutes away.'

/** https://docs.aws.amazon.com/ecs/latest/APIReference/CommonErrors.html, and of other services that speak JSON */
const json: Record<RefusalReason, Said> = {
  missing: { code: 'MissingAuthenticationTokenException', message: 'Missing Authentication Token' },
  malformed: { code: 'IncompleteSignatureException', message: 'The signature of the request has not all that it needs.' },
  'unknown key': { code: 'UnrecognizedClientException', message: invalidToken },
  'wrong signature': { code: 'InvalidSignatureException', message: mismatch },
  'wrong body': { code: 'InvalidSignatureException', message: mismatch },
  'wrong clock': { code: 'InvalidSignatureException', message: skewed },
  expired: { code: 'InvalidSignatureException', message: 'Signature expired.' },
}

/** https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html */
const query: Record<RefusalReason, Said> = {
  missing: { code: 'MissingAuthenticationToken', message: 'Request is missing Authentication Token' },
  malformed: { code: 'IncompleteSignature', message: json.malformed.message, status: 400 },
  'unknown key': { code: 'InvalidClientTokenId', message: invalidToken },
  'wrong signature': { code: 'SignatureDoesNotMatch', message: mismatch },
  'wrong body': { code: 'SignatureDoesNotMatch', message: mismatch },
  'wrong clock': { code: 'SignatureDoesNotMatch', message: skewed },
  expired: { code: 'RequestExpired', message: 'Request has expired.', status: 400 },
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const s3: Record<RefusalReason, Said> = {
  missing: { code: 'AccessDenied', message: 'Access Denied' },
  malformed: { code: 'AuthorizationHeaderMalformed', message: 'The authorization header that you provided is not valid.', status: 400 },
  'unknown key': { code: 'InvalidAccessKeyId', message: 'The AWS Access Key Id you provided does not exist in our records.' },
  'wrong signature': { code: 'SignatureDoesNotMatch', message: 'The request signature we calculated does not match the signature you provided. Check your key and signing method.' },
  'wrong body': { code: 'XAmzContentSHA256Mismatch', message: "The provided 'x-amz-content-sha256' header does not match what was computed.", status: 400 },
  'wrong clock': { code: 'RequestTimeTooSkewed', message: 'The difference between the request time and the current time is too large.' },
  expired: { code: 'AccessDenied', message: 'Request has expired' },
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html */
const ec2: Said = { code: 'AuthFailure', message: 'AWS was not able to validate the provided access credentials', status: 401 }

/** Turns a request away with the code, and in the form, that the service it is for would use. */
export function refuse(req: IncomingMessage, res: ServerResponse, { reason, service }: Refusal): void {
  const send = (type: string, status: number, body: string | Uint8Array) => void res.writeHead(status, { 'Content-Type': type, Connection: 'close' }).end(body)
  const type = req.headers['content-type'] ?? ''
  const RequestId = randomUUID()
  if (req.headers['smithy-protocol'] === 'rpc-v2-cbor') {
    const { code, message } = json[reason]
    res.setHeader('smithy-protocol', 'rpc-v2-cbor')
    return send('application/cbor', 400, cbor.serialize({ __type: code, message }))
  }
  if (req.headers['x-amz-target'] !== undefined || type.startsWith('application/x-amz-json')) {
    const { code, message } = json[reason]
    return send('application/x-amz-json-1.1', 400, JSON.stringify({ __type: code, message }))
  }
  if (service === 'ec2') return send('text/xml', ec2.status ?? 401, `<Response><Errors><Error>${describe(ec2)}</Error></Errors><RequestID>${RequestId}</RequestID></Response>`)
  if (type.startsWith('application/x-www-form-urlencoded')) {
    const said = query[reason]
    const error = `<Error><Type>Sender</Type>${describe(said)}</Error><RequestId>${RequestId}</RequestId>`
    return send('text/xml', said.status ?? 403, `<ErrorResponse>${error}</ErrorResponse>`)
  }
  if (service === 's3' || service === '') {
    const said = s3[reason]
    return send('application/xml', said.status ?? 403, `<?xml version="1.0" encoding="UTF-8"?><Error>${describe(said)}<RequestId>${RequestId}</RequestId></Error>`)
  }
  const { code, message } = json[reason]
  res.setHeader('X-Amzn-ErrorType', code)
  return send('application/json', 403, JSON.stringify({ message }))
}

const describe = ({ code, message }: Said) => `<Code>${code}</Code><Message>${message}</Message>`
