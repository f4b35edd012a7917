export async function validate(_t: unknown) {}
