#pragma once

#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/optional.hpp>
#include <cstdint>

#include "support/page_buffer.h"

namespace sdw::http {

// A body for Beast's parser that takes memory for what has arrived. Beast's string_body reserves what is only
// announced.
struct PagedBody {
  using value_type = PageBuffer;

  class reader {
   public:
    template <bool is_request, class Fields>
    reader(boost::beast::http::header<is_request, Fields>&, PageBuffer& body) : body_(body) {}

    void init(const boost::optional<std::uint64_t>&, boost::system::error_code& error) { error = {}; }

    template <class Buffers>
    std::size_t put(const Buffers& buffers, boost::system::error_code& error) {
      error = {};
      std::size_t taken = 0;
      for (const boost::asio::const_buffer part : boost::beast::buffers_range_ref(buffers)) {
        body_.append({static_cast<const char*>(part.data()), part.size()});
        taken += part.size();
      }
      return taken;
    }

    void finish(boost::system::error_code& error) { error = {}; }

   private:
    PageBuffer& body_;
  };
};

}  // namespace sdw::http
