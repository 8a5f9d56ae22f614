module.exports = require("node:util").promisify;
