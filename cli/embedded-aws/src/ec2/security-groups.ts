/**
 * With all protocols, ports say nothing: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html.
 * ministack compares them all the same, and would keep the rule that Terraform's provider takes from every new group.
 */
export function leaveOutPorts(input: URLSearchParams): URLSearchParams {
  const open = [...input].flatMap(([name, value]) => (value === '-1' && name.endsWith('.IpProtocol') ? [name.replace(/IpProtocol$/, '')] : []))
  return new URLSearchParams([...input].filter(([name]) => !open.some((rule) => name === `${rule}FromPort` || name === `${rule}ToPort`)))
}
