// require('Synthetics') is how it was called before
const synthetics = require("@aws/synthetics-puppeteer");

exports.handler = async () => {
  await synthetics.executeHttpStep("is up", { hostname: process.env.BASE_URL, path: "/" });
};
