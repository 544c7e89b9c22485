#include "http/tls.h"

#include <openssl/ssl.h>

namespace sdw::http {

namespace ssl = boost::asio::ssl;

Result<std::unique_ptr<ssl::context>> make_tls_context(const std::filesystem::path& certificate,
                                                       const std::filesystem::path& key) {
  auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context->native_handle(),
                   SSL_MODE_RELEASE_BUFFERS);  // an idle connection keeps no buffers
  boost::system::error_code error;
  context->use_certificate_chain_file(certificate.string(), error);
  if (error) {
    return Error{ErrorCode::invalid_request, "the TLS certificate cannot be used", certificate.string()};
  }
  context->use_private_key_file(key.string(), ssl::context::pem, error);
  if (error) {
    return Error{ErrorCode::invalid_request, "the TLS key cannot be used, or is not the certificate's",
                 key.string()};
  }
  return context;
}

}  // namespace sdw::http
