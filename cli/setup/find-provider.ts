// Prints `registry` where Terraform's registry answers, else the mirror that holds the AWS provider.
import { findProviderMirror } from '../src/terraform/offline/provider-mirror.ts'
import { canReachRegistry } from '../src/terraform/offline/terraform-config.ts'

const source = (await canReachRegistry()) ? 'registry' : await findProviderMirror()
if (source) console.log(source)
else process.exitCode = 1
