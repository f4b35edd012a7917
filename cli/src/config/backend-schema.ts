import type { ObjectAttribute, Type } from './hcl/types.ts'

const string: Type = { kind: 'string' }
const bool: Type = { kind: 'bool' }
const strings: Type = { kind: 'set', of: string }

function optional(type: Type, names: string[]): Record<string, ObjectAttribute> {
  return Object.fromEntries(names.map((name) => [name, { type, optional: true }]))
}

const assumeRole: Type = {
  kind: 'object',
  attributes: {
    role_arn: { type: string, optional: false },
    ...optional(string, ['duration', 'external_id', 'policy', 'session_name', 'source_identity']),
    ...optional(strings, ['policy_arns', 'transitive_tag_keys']),
    tags: { type: { kind: 'map', of: string }, optional: true },
  },
}

const assumeRoleWithWebIdentity: Type = {
  kind: 'object',
  attributes: {
    role_arn: { type: string, optional: false },
    ...optional(string, ['duration', 'policy', 'session_name', 'web_identity_token', 'web_identity_token_file']),
    ...optional(strings, ['policy_arns']),
  },
}

/**
 * The arguments of the S3 backend of Terraform 1.11.
 * https://developer.hashicorp.com/terraform/language/v1.11.x/backend/s3
 */
export const backendArguments: Record<string, Type> = {
  ...Object.fromEntries(
    [
      'bucket',
      'key',
      'region',
      'access_key',
      'acl',
      'custom_ca_bundle',
      'dynamodb_endpoint',
      'dynamodb_table',
      'ec2_metadata_service_endpoint',
      'ec2_metadata_service_endpoint_mode',
      'endpoint',
      'http_proxy',
      'https_proxy',
      'iam_endpoint',
      'kms_key_id',
      'no_proxy',
      'profile',
      'retry_mode',
      'secret_key',
      'shared_credentials_file',
      'sse_customer_key',
      'sts_endpoint',
      'sts_region',
      'token',
      'workspace_key_prefix',
    ].map((name) => [name, string]),
  ),
  ...Object.fromEntries(
    [
      'encrypt',
      'force_path_style',
      'insecure',
      'skip_credentials_validation',
      'skip_metadata_api_check',
      'skip_region_validation',
      'skip_requesting_account_id',
      'skip_s3_checksum',
      'use_dualstack_endpoint',
      'use_fips_endpoint',
      'use_lockfile',
      'use_path_style',
    ].map((name) => [name, bool]),
  ),
  ...Object.fromEntries(
    ['allowed_account_ids', 'forbidden_account_ids', 'shared_config_files', 'shared_credentials_files'].map((name) => [
      name,
      strings,
    ]),
  ),
  max_retries: { kind: 'number' },
  assume_role: assumeRole,
  assume_role_with_web_identity: assumeRoleWithWebIdentity,
  endpoints: { kind: 'object', attributes: optional(string, ['dynamodb', 'iam', 's3', 'sso', 'sts']) },
}

/** Deprecated arguments, and what takes their place. */
export const deprecatedArguments: Record<string, string> = {
  dynamodb_endpoint: 'endpoints = { dynamodb = … }',
  dynamodb_table: 'use_lockfile = true',
  endpoint: 'endpoints = { s3 = … }',
  force_path_style: 'use_path_style',
  iam_endpoint: 'endpoints = { iam = … }',
  shared_credentials_file: 'shared_credentials_files',
  sts_endpoint: 'endpoints = { sts = … }',
}

/** Pairs that Terraform refuses together. */
export const conflictingArguments: [string, string][] = [
  ['kms_key_id', 'sse_customer_key'],
  ['shared_credentials_file', 'shared_credentials_files'],
  ['force_path_style', 'use_path_style'],
  ['allowed_account_ids', 'forbidden_account_ids'],
]
